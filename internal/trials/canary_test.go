//go:build linux

package trials

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sought are the forms of what must not be seen: Access Secrets, session tokens and Idempotency-Keys.
var sought = regexp.MustCompile(`(aks|aps)_[0-9A-Za-z]{49}|ik_[0-9A-Za-z]{22}`)

// forms lists what a secret can look like where it is written by mistake: as it is, in hexadecimal digits, and in Base64
// at each of the three places it can stand in a longer text.
func forms(secret string) (all []string) {
	all = append(all, secret, hex.EncodeToString([]byte(secret)))
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		all = append(all, text[4*((shift+2)/3)+2:len(text)-4])
	}
	return all
}

// leak is where a secret was seen.
type leak struct{ where, what string }

// canaries looks for secrets everywhere but in the places that are theirs.
type canaries struct {
	u     user
	known map[string]bool
	texts []leak // outputs, and what /proc showed
}

// learn notes the secrets that are at rest now: those in the store, and the Idempotency-Key of a pending record.
func (c *canaries) learn() {
	for _, path := range c.u.resting() {
		if text, err := os.ReadFile(path); err == nil {
			for _, secret := range sought.FindAllString(string(text), -1) {
				c.known[secret] = true
			}
		}
	}
}

// resting lists the files in which a secret may be: private files of the store and of --secret-file, and the record.
func (u user) resting() []string {
	found := append(u.files("secrets"), filepath.Join(u.home, "secret.txt"))
	for _, path := range u.files("accounts") {
		if filepath.Base(path) == "pending.json" {
			found = append(found, path)
		}
	}
	return found
}

// run runs the tool while its /proc entries, and those of its children, are read again and again. A core may be dumped.
func (c *canaries) run(env []string, args ...string) ended {
	traced := c.u
	traced.tool = "/bin/sh"
	cmd, out, errs := traced.command(env, append([]string{"-c", `ulimit -c unlimited; exec "$0" "$@"`, c.u.tool}, args...)...)
	if err := cmd.Start(); err != nil {
		c.u.t.Error(err)
		return ended{status: -1}
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the status says it
		close(done)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			c.peek(cmd.Process.Pid)
		}
	}
	e := ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
	c.texts = append(c.texts, leak{fmt.Sprintf("the output of apikey %v", args), e.stdout + e.stderr})
	return e
}

// peek reads what every user of the machine can see of a process, and its environment.
func (c *canaries) peek(pid int) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, p := range append(strings.Fields(string(children)), strconv.Itoa(pid)) {
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(filepath.Join("/proc", p, name))
			if err == nil && sought.Match(text) {
				c.texts = append(c.texts, leak{"/proc/" + p + "/" + name, string(text)})
			}
		}
	}
}

// leaks looks for every known secret in the outputs and in every file below the home but those it may be in.
func (c *canaries) leaks() (found []string) {
	allowed := map[string]bool{}
	for _, path := range c.u.resting() {
		allowed[path] = true
	}
	texts := c.texts
	_ = filepath.WalkDir(c.u.home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !allowed[path] {
			if text, err := os.ReadFile(path); err == nil {
				texts = append(texts, leak{path, string(text)})
			}
		}
		return nil
	})
	for _, text := range texts {
		what := []byte(text.what)
		for secret := range c.known {
			for _, form := range forms(secret) {
				if bytes.Contains(what, []byte(form)) {
					found = append(found, secret[:4]+"… is in "+text.where)
				}
			}
		}
		if strings.HasPrefix(text.where, "/proc/") {
			found = append(found, "a secret is in "+text.where)
		}
	}
	return found
}

// TestCanary_KilledAndPanicking: the tool is killed and made to panic at every step, with everything told that it can be
// made to tell (--debug, a traceback of all goroutines, a core). No secret is seen anywhere but where it rests.
func TestCanary_KilledAndPanicking(t *testing.T) {
	type trial struct {
		order order
		step  string
		does  string
	}
	tool, random := build(t, "failpoint"), dice(t)
	var all []trial
	for _, o := range orders {
		if o.rests == "stdout" {
			continue // there it is to be seen
		}
		for _, step := range steps {
			all = append(all, trial{o, step, "kill"}, trial{o, step, "panic"})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var count tally
	each(t, all[:pick(10, len(all))], func() func(trial) {
		return func(k trial) {
			count.trials.Add(1)
			u := newUser(t, tool)
			u.env = append(u.env, "TMPDIR="+filepath.Join(u.home, "tmp"), "GOTRACEBACK=crash")
			err := func() error {
				if err := os.Mkdir(filepath.Join(u.home, "tmp"), 0o700); err != nil {
					return err
				}
				before, err := k.order.prepare(u)
				if err != nil {
					return err
				}
				c := canaries{u: u, known: map[string]bool{}}
				c.learn()
				struck := c.run(append(k.order.env, "APIKEY_FAILPOINT="+k.step, "APIKEY_FAILPOINT_DOES="+k.does), append(k.order.args, "--debug")...)
				if struck.status != 0 {
					count.faults.Add(1)
				}
				if k.does == "panic" && struck.status != 0 && struck.status != 1 {
					return fmt.Errorf("a panic: %v", struck)
				}
				c.learn()
				c.run(nil, "status", "--debug")
				c.run(nil, "history", "-o", "json")
				v, err := k.order.judge(u, before, struck)
				if err != nil {
					return err
				}
				if v.recovered {
					count.recovered.Add(1)
				}
				c.learn()
				c.run(nil, "check", "--live", "--debug")
				if found := c.leaks(); len(found) > 0 {
					return fmt.Errorf("%s", strings.Join(found, "\n"))
				}
				if len(c.known) == 0 && k.order.makes {
					return fmt.Errorf("no secret was looked for")
				}
				return nil
			}()
			if err != nil {
				t.Errorf("%s, %s at %s: %v", k.order.name, k.does, k.step, err)
			}
		}
	})
	count.tell(t)
}

// TestCanary_IsFound: what is looked for is found, in each of the forms, in an output, a file and an environment.
func TestCanary_IsFound(t *testing.T) {
	u := newUser(t, "/bin/true")
	secret := "aks_" + strings.Repeat("0Az", 16) + "9"
	for n, form := range append(forms(secret), base64.StdEncoding.EncodeToString([]byte(`{"x":"`+secret+`"}`))) {
		c := canaries{u: u, known: map[string]bool{secret: true}, texts: []leak{{"an output", "x" + form + "y"}}}
		if found := c.leaks(); len(found) == 0 {
			t.Errorf("form %d is not found: %s", n, form)
		}
	}
	path := filepath.Join(u.home, "core")
	if err := os.WriteFile(path, []byte("\x00"+secret+"\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := canaries{u: u, known: map[string]bool{secret: true}}
	sleep := exec.Command("/bin/sleep", "60")
	sleep.Env = []string{"X=" + secret}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	// Start returns a moment before the kernel knows where the environment of the new program is.
	for deadline := time.Now().Add(patience); len(c.texts) == 0 && time.Now().Before(deadline); {
		c.peek(sleep.Process.Pid)
	}
	_ = sleep.Process.Kill()
	_ = sleep.Wait()
	if found := strings.Join(c.leaks(), "\n"); !strings.Contains(found, path) || !strings.Contains(found, "environ") {
		t.Errorf("found only: %s", found)
	}
}

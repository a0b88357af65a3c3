//go:build linux

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// place is a text in which no secret may be found but those of the kinds that are there on purpose.
type place struct {
	name    string
	text    string
	purpose []string
}

// canary is a member whose every output is collected.
type canary struct {
	*member
	places []place
}

// pipe runs a command without a terminal, with --debug, and collects what it wrote. The kinds in purpose may be in its
// standard output, and in nothing else.
func (c *canary) pipe(purpose []string, stdin string, status int, args ...string) string {
	c.t.Helper()
	out, errs, got := c.pipes(stdin, append([]string{"--debug"}, args...)...)
	if got != status {
		c.t.Fatalf("apikey %v: exit status %d, want %d\n%s%s", args, got, status, out, errs)
	}
	c.collect(strings.Join(args, " ")+", stdout", out, purpose...)
	c.collect(strings.Join(args, " ")+", stderr", errs)
	return out
}

// asks runs a command on a terminal, with --debug, fills its forms and collects what it wrote.
func (c *canary) asks(purpose []string, answer func(*testkit.Terminal), args ...string) *testkit.Terminal {
	c.t.Helper()
	x := c.start(append([]string{"--debug"}, args...)...)
	answer(x)
	if status := x.Wait(); status != 0 {
		c.t.Fatalf("apikey %v: exit status %d\n%s", args, status, x.Screen())
	}
	c.collect(strings.Join(args, " ")+", terminal", x.Raw(), purpose...)
	return x
}

func (c *canary) collect(name, text string, purpose ...string) {
	c.places = append(c.places, place{name, text, purpose})
}

// folder collects the files of a folder. Those whose path has one of the words in it are there to hold secrets.
func (c *canary) folder(name, root string, holds ...string) {
	c.t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if slices.ContainsFunc(holds, func(word string) bool { return strings.Contains(path, word) }) {
			return nil
		}
		text, err := os.ReadFile(path)
		c.collect(name+" "+strings.TrimPrefix(path, root), string(text))
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// watchArguments collects the command lines of all processes until it is stopped.
func watchArguments() (stop func() string) {
	ends, seen := make(chan struct{}), map[string]bool{}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, path := range lines {
				text, _ := os.ReadFile(path) // it may have ended
				seen[string(text)] = true
			}
			select {
			case <-ends:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return func() string {
		close(ends)
		done.Wait()
		var all strings.Builder
		for line := range seen {
			all.WriteString(strings.ReplaceAll(line, "\x00", " ") + "\n")
		}
		return all.String()
	}
}

// TestCanary_NoSecretIsWhereItDoesNotBelong: the whole program against a service, both as talkative as they can be.
// Every secret that went over the wire is looked for wherever the two write.
func TestCanary_NoSecretIsWhereItDoesNotBelong(t *testing.T) {
	needsOathtool(t)
	k := startService(t, "--log-level", "debug")
	proxy := recording(t, k)
	c := &canary{member: memberOf(t, k, testkit.Build(t, program))}
	c.server, c.ca = proxy.server, proxy.ca
	home := strings.TrimPrefix(c.env[0], "HOME=")
	stop := watchArguments()
	nothing := []string(nil)

	signIn := func(x *testkit.Terminal) {
		fills(x, "Password", memberPassword, true)
		if c.seed != "" {
			x.WaitFor(askCode)
			fills(x, "Code", c.code(), true)
		}
	}
	c.asks(nothing, signIn, append(c.loginArgs(), "--login-id", "ada")...)
	set := c.asks([]string{kindSeed, kindCode, kindRecovery}, func(x *testkit.Terminal) {
		x.WaitFor("┃ The six digits your app shows now")
		c.seed = typedSeed(t, x.Screen())
		fills(x, "The six digits", c.code(), false)
	}, "mfa", "setup")
	c.recovery = recoveryCode.FindAllString(set.Screen(), -1)

	c.pipe(nothing, "", 0, "whoami", "-o", "json")
	c.pipe(nothing, "", 0, "mfa", "status")
	c.pipe(nothing, "", 0, "generate", "-o", "json")
	c.pipe(nothing, "", 0, "generate", "--if-missing")
	c.pipe(nothing, "", 5, "generate", "-o", "json")
	c.pipe(nothing, "", 0, "status")
	c.pipe(nothing, "", 0, "check", "--live", "-o", "json")
	c.pipe(nothing, "", 0, "disable", "--yes")
	c.pipe(nothing, "", 5, "token", "-o", "json")
	c.pipe(nothing, "", 0, "activate", "--yes")
	c.folder("service", filepath.Join(k.dir, "data"))
	c.pipe([]string{kindSecret}, "", 0, "regenerate", "--yes", "--grace", "1h", "--show-secret", "-o", "json")
	c.pipe(nothing, "", 0, "delete", "--previous", "--yes")
	c.pipe(nothing, "", 0, "history", "-o", "json")
	c.pipe([]string{kindSecret}, "", 0, "secret")
	c.pipe([]string{kindSecret}, "", 0, "secret", "-o", "json")
	c.pipe([]string{kindSecret}, "", 0, "secret", "-o", "env")
	c.pipe([]string{kindSecret}, "", 0, "secret", "-o", "basic")
	c.pipe([]string{kindToken}, "", 0, "token")
	c.pipe([]string{kindToken}, "", 0, "token", "--header")
	c.pipe([]string{kindToken}, "", 0, "token", "--fresh", "-o", "json")
	c.pipe(nothing, "", 0, "exec", "--", "sh", "-c", `test -n "$APIKEY_ACCESS_SECRET"; sleep 0.1`)
	c.pipe(nothing, "", 0, "exec", "--token", "--", "sh", "-c", `test -n "$APIKEY_ACCESS_TOKEN"; sleep 0.1`)
	kept := c.mustPipe("", "secret", "-o", "env")
	c.folder("tool", home, "/secrets/", "pending.json")
	c.movesAround(home)
	c.pipe(nothing, "", 0, "forget", "--yes")
	c.pipe(nothing, kept, 0, "import")

	create := []string{"session", "create", "--name", "ci", "--allow", "regenerate"}
	pipeline := strings.TrimSpace(c.pipe([]string{kindSession}, "", 0, create...))
	runner := c.in(t, "APIKEY_SESSION="+pipeline, "APIKEY_SERVER="+c.server, "APIKEY_STORE=none")
	ci := &canary{member: runner}
	ci.pipe(nothing, "", 0, "status", "-o", "json", "--ca-file", c.ca)
	ci.pipe(nothing, "", 0, "regenerate", "--yes", "--secret-file", filepath.Join(t.TempDir(), "secret"), "--ca-file", c.ca)
	ci.pipe(nothing, "", 4, "delete", "--yes", "-o", "json", "--ca-file", c.ca)
	c.places = append(c.places, ci.places...)
	c.pipe(nothing, "", 0, "session", "list", "-o", "json")
	c.pipe(nothing, "", 0, "session", "revoke", "ci", "--yes")

	c.ages()
	c.pipe(nothing, "", 4, "regenerate", "--yes", "-o", "json")
	c.asks(nothing, func(x *testkit.Terminal) {
		x.WaitFor(askCode)
		fills(x, "Code", "970531", true) // no other test of this machine has it in an argument
		x.WaitFor(notTaken)
		fills(x, "Code", c.recovery[0], true)
	}, "regenerate", "--yes")
	c.asks([]string{kindRecovery}, func(*testkit.Terminal) {}, "mfa", "codes", "--yes")
	c.pipe(nothing, "not the password", 4, append(c.loginArgs(), "--login-id", "ada", "--password-stdin", "-o", "json")...)
	c.folder("tool", home, "/secrets/", "pending.json")
	c.pipe(nothing, "", 0, "delete", "--yes")
	c.asks(nothing, func(x *testkit.Terminal) {
		fills(x, "Password", memberPassword, true)
		fills(x, "Code of your", c.code(), true)
	}, "mfa", "disable", "--yes")
	c.pipe(nothing, "", 0, "profile", "list")
	c.pipe(nothing, "", 0, "profile", "show", "-o", "json")
	c.pipe(nothing, "", 0, "logout")
	c.pipe(nothing, "", 4, "status", "-o", "json")
	c.pipe(nothing, "", 0, "profile", "remove", "prod", "--yes")

	c.folder("service", filepath.Join(k.dir, "data")) // with its write-ahead log: the service still runs
	c.folder("tool", home, "/secrets/")
	took := regexp.MustCompile(`"took":\d+`) // some have six digits
	c.collect("log of the service", took.ReplaceAllString(k.log.String(), ""))
	c.collect("command lines", stop())

	accessKeys := regexp.MustCompile(`AK[0-9A-HJKMNP-TV-Z]{18}`).FindAllString(k.log.String()+kept+c.places[0].text, -1)
	wantNone(t, proxy.secrets(accessKeys), c.places)
}

// movesAround lets a helper and sealed files have the secret and the session for a while.
func (c *canary) movesAround(home string) {
	c.t.Helper()
	helper, bin := testkit.PassHelper()
	file := filepath.Join(c.t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	before := c.env
	c.env = append(slices.Clone(before), "APIKEY_STORE=", "APIKEY_PASSPHRASE_FILE="+file, "PATH="+bin+":"+os.Getenv("PATH"),
		"PASSWORD_STORE_DIR="+filepath.Join(home, "secrets", "vault"))
	config := filepath.Join(home, ".config", "apikey", "config.yaml")
	text, err := os.ReadFile(config)
	if err == nil {
		err = os.WriteFile(config, bytes.Replace(text, []byte("  prod:\n"), []byte("  prod:\n    store-command: ["+helper+"]\n"), 1), 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	for _, to := range []string{"command", "sealed", "file"} {
		c.pipe(nil, "", 0, "store", "move", to, "-o", "json")
		c.pipe(nil, "", 0, "check", "--live")
		c.folder("tool, with the store "+to, home, "/secrets/", "pending.json")
	}
	for _, p := range c.places {
		if strings.Contains(p.text, strings.TrimSpace(passphrase)) {
			c.t.Errorf("%s: found the passphrase", p.name)
		}
	}
	c.env = before
}

// wantNone looks for every secret in every place.
func wantNone(t *testing.T, secrets map[string]string, places []place) {
	t.Helper()
	count := map[string]int{}
	for secret, kind := range secrets {
		count[kind]++
		found := func(text string) bool { return strings.Contains(text, secret) }
		if kind == kindCode { // six digits may be a part of many a number
			found = regexp.MustCompile(`(^|[^0-9A-Za-z.])` + secret + `($|[^0-9A-Za-z])`).MatchString
		}
		for _, p := range places {
			if !slices.Contains(p.purpose, kind) && found(p.text) {
				t.Errorf("%s: found a secret of the kind %q", p.name, kind)
			}
		}
	}
	least := map[string]int{
		kindPassword: 2, kindCode: 3, kindRecovery: 20, kindSeed: 3, kindSession: 2, kindSecret: 4, kindToken: 2,
		kindIdempotency: 6,
	}
	for kind, n := range least {
		if count[kind] < n {
			t.Errorf("only %d of the kind %q went over the wire, want %d: the search proves nothing", count[kind], kind, n)
		}
	}
	printed := slices.ContainsFunc(places, func(p place) bool {
		return slices.Contains(p.purpose, kindSecret) && strings.Contains(p.text, "aks_")
	})
	if !printed {
		t.Error("not even what is printed on purpose is in what was collected")
	}
}

//go:build unix

package trials

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// moveSteps are the named steps of apikey store move, in their order.
var moveSteps = []string{
	"move-noted", "written", "move-copied", "move-switched", "move-chosen", "move-erased", "move-ended",
}

// mover is a user with the private file and a helper, between which secrets are moved.
type mover struct {
	user
	vault string // what the helper keeps
}

func newMover(t *testing.T, tool string) mover {
	t.Helper()
	helper, bin := testkit.PassHelper()
	m := mover{user: newUser(t, tool)}
	m.vault = filepath.Join(m.home, "vault")
	m.env = append(m.env, "APIKEY_STORE=", "PATH="+bin+":/usr/bin:/bin", "PASSWORD_STORE_DIR="+m.vault)
	config := filepath.Join(m.home, ".config", "apikey")
	if err := os.MkdirAll(config, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "profiles:\n  local:\n    store: file\n    store-command: [" + helper + "]\n"
	if err := os.WriteFile(filepath.Join(config, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m.does("generate")
	return m
}

// where lists the stores that have something.
func (m mover) where() (stores []string) {
	if len(m.files("secrets")) > 0 {
		stores = append(stores, "file")
	}
	if len(m.inVault()) > 0 {
		stores = append(stores, "command")
	}
	return stores
}

// inVault lists the secrets the helper keeps. A value of no worth may be left of a probe that was killed.
func (m mover) inVault() []string {
	found, _ := filepath.Glob(filepath.Join(m.vault, "apikey", "AK*"))
	return found
}

// moved checks that the secret is in one store and no other, that the profile says so, and that it is the one it was.
func (m mover) moved(to, secret string) error {
	if got := m.where(); len(got) != 1 || got[0] != to {
		return fmt.Errorf("it is in %v, want %s", got, to)
	}
	e := m.run(nil, "store", "show", "--jq", `.store + " " + .secretStored`)
	if want := to + " " + to; strings.TrimSpace(e.stdout) != want {
		return fmt.Errorf("shown: %v, want %s", e, want)
	}
	if strays := m.strays(); len(strays) > 0 {
		return fmt.Errorf("left behind: %v", strays)
	}
	return m.readable(secret)
}

// readable checks that the secret can be had, is the one it was, and works.
func (m mover) readable(secret string) error {
	if e := m.run(nil, "secret"); strings.TrimSpace(e.stdout) != secret {
		return fmt.Errorf("the secret: %v", e)
	}
	if e := m.run(nil, "check", "--live"); e.status != 0 {
		return fmt.Errorf("check: %v", e)
	}
	return nil
}

// TestMove_KilledAtEveryStep_AndAgain: the move is killed at each named step, and in other trials the next one too. The
// secret can be had at any time, and the move after that leaves it in one place.
func TestMove_KilledAtEveryStep_AndAgain(t *testing.T) {
	tool, random := build(t, "failpoint"), dice(t)
	type trial struct{ first, second string }
	var all, twice []trial
	for _, first := range moveSteps {
		all = append(all, trial{first, ""})
		for _, second := range moveSteps {
			twice = append(twice, trial{first, second})
		}
	}
	random.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	all = append(all, twice[:pick(3, len(twice))]...)
	each(t, all, func() func(trial) {
		m := newMover(t, tool)
		secret, to, next := m.does("secret"), "command", "file"
		return func(k trial) {
			for i, step := range []string{k.first, k.second} {
				if step == "" {
					continue
				}
				e := m.run([]string{"APIKEY_FAILPOINT=" + step}, "store", "move", to)
				if e.status != -1 && i == 0 {
					t.Errorf("%+v: was not killed: %v", k, e)
				}
				if err := m.readable(secret); err != nil {
					t.Errorf("%+v, after %s: %v", k, step, err)
				}
			}
			m.does("store", "move", to)
			if err := m.moved(to, secret); err != nil {
				t.Errorf("%+v: %v", k, err)
			}
			to, next = next, to
		}
	})
}

// TestMove_StoreFails: a store fails while something is moved into it or out of it. What is told is so, and the same
// command ends it when the store is mended.
func TestMove_StoreFails(t *testing.T) {
	m := newMover(t, build(t))
	secret := m.does("secret")
	for _, k := range []struct{ verb, to, says string }{
		{"insert", "command", "failed"}, {"show", "file", "is locked"}, {"", "command", ""}, {"rm", "file", "still in the helper"},
	} {
		if k.verb == "" {
			m.does("store", "move", k.to)
			continue
		}
		e := m.run([]string{"FAKE_PASS_FAILS=" + k.verb, "FAKE_PASS_SAYS=" + secret}, "store", "move", k.to)
		if e.status != 7 || !strings.Contains(e.stderr, k.says) || strings.Contains(e.stderr, secret) {
			t.Errorf("%s fails: %v", k.verb, e)
		}
		if err := m.readable(secret); err != nil {
			t.Errorf("%s fails: %v", k.verb, err)
		}
		m.does("store", "move", k.to)
		if err := m.moved(k.to, secret); err != nil {
			t.Errorf("after %s failed: %v", k.verb, err)
		}
	}
}

// TestHelper_KilledAtEveryStep: what holds for the private file when an action is killed holds for a helper.
func TestHelper_KilledAtEveryStep(t *testing.T) {
	tool, random := build(t, "failpoint"), dice(t)
	m := newMover(t, tool)
	m.does("store", "move", "command")
	for range pick(3, 200) {
		m.does("delete", "--yes")
		step := steps[random.IntN(len(steps))]
		m.run([]string{"APIKEY_FAILPOINT=" + step}, "generate")
		if e := m.run(nil, "generate", "--if-missing"); e.status != 0 {
			t.Fatalf("killed at %s: %v", step, e)
		}
		if err := m.moved("command", m.does("secret")); err != nil {
			t.Fatalf("killed at %s: %v", step, err)
		}
		if found := m.inVault(); len(found) != 1 {
			t.Fatalf("killed at %s: the helper keeps %v", step, found)
		}
	}
}

//go:build unix

package trials

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// order is a command a fault strikes, and where its secret is to rest.
type order struct {
	name  string
	args  []string
	env   []string
	from  string // the state of the key it needs: none, active or disabled
	makes bool   // makes a secret
	to    string // the state it leads to
	rests string // where the secret is: "" a store, "stdout", or a file in the home
}

var orders = []order{
	{name: "generate", args: []string{"generate"}, from: "none", makes: true, to: "active"},
	{name: "generate --if-missing", args: []string{"generate", "--if-missing"}, from: "none", makes: true, to: "active"},
	{name: "regenerate", args: []string{"regenerate", "--yes"}, from: "active", makes: true, to: "active"},
	{name: "regenerate a disabled key", args: []string{"regenerate", "--yes"}, from: "disabled", makes: true, to: "active"},
	{name: "regenerate --grace", args: []string{"regenerate", "--yes", "--grace", "1h"}, from: "active", makes: true, to: "active"},
	{
		name: "generate, store none, to stdout", args: []string{"generate", "--show-secret"}, env: []string{"APIKEY_STORE=none"},
		from: "none", makes: true, to: "active", rests: "stdout",
	},
	{
		name: "regenerate, store none, to a file", args: []string{"regenerate", "--yes", "--secret-file", "secret.txt"},
		env: []string{"APIKEY_STORE=none"}, from: "active", makes: true, to: "active", rests: "secret.txt",
	},
	{name: "disable", args: []string{"disable", "--yes"}, from: "active", to: "disabled"},
	{name: "activate", args: []string{"activate", "--yes"}, from: "disabled", to: "active"},
	{name: "delete", args: []string{"delete", "--yes"}, from: "active", to: "none"},
}

// making lists the orders that make a secret.
func making() []order {
	var found []order
	for _, o := range orders {
		if o.makes {
			found = append(found, o)
		}
	}
	return found
}

// prepare brings the key to the state the order begins with, with its secret where the order keeps one.
func (o order) prepare(u user) (state, error) {
	s, err := u.state()
	if err != nil {
		return s, err
	}
	do := func(args ...string) {
		if err == nil {
			if e := u.run(o.env, args...); e.status != 0 {
				err = fmt.Errorf("preparing with apikey %v: %v", args, e)
			}
		}
	}
	if s.Status != "none" {
		do("delete", "--yes")
	}
	if o.from != "none" {
		switch o.rests {
		case "":
			do("generate")
		case "stdout":
			do("generate", "--show-secret")
		default:
			do("generate", "--secret-file", o.rests)
		}
	}
	if o.from == "disabled" {
		do("disable", "--yes")
	}
	if err != nil {
		return s, err
	}
	return u.state()
}

// accepted checks that the secret is where it is to rest and that the service accepts it. outputs are what runs printed.
func (o order) accepted(u user, s state, outputs ...string) error {
	if o.rests == "" {
		e := u.run(o.env, "check", "--live")
		if e.status != 0 && (s.Status != "disabled" || !strings.Contains(e.stdout+e.stderr, "isabled")) {
			return fmt.Errorf("the kept secret is not accepted: %v", e)
		}
		return nil
	}
	if o.rests != "stdout" {
		text, err := os.ReadFile(filepath.Join(u.home, o.rests))
		if err != nil {
			return err
		}
		outputs = []string{string(text)}
	}
	secret := lastSecret(outputs...)
	if secret == "" {
		return fmt.Errorf("there is no secret in %s", o.rests)
	}
	e := u.run(append(o.env, "APIKEY_ACCESS_KEY="+s.AccessKey, "APIKEY_ACCESS_SECRET="+secret), "check", "--live")
	if e.status != 0 {
		return fmt.Errorf("the secret in %s is not accepted: %v", o.rests, e)
	}
	return nil
}

// verdict is what a fault did.
type verdict struct {
	changed   bool // the change had happened when the fault struck
	recovered bool // and its secret was not at rest yet
}

// judge says whether the promises held for an order that a fault struck: never a key whose secret nobody can get, never
// two rotations, never an acknowledged change gone. struck are the runs that met the fault, in their order; the fault is
// gone now.
func (o order) judge(u user, before state, struck ...ended) (v verdict, err error) {
	last := struck[len(struck)-1]
	after, err := u.state()
	if err != nil {
		return v, err
	}
	pending := u.pending()
	v = verdict{changed: after.Revision != before.Revision}
	v.recovered = v.changed && pending
	if after.Revision > before.Revision+1 {
		return v, fmt.Errorf("revision %d, was %d: changed more than once", after.Revision, before.Revision)
	}
	if last.status == 0 && !v.changed {
		return v, fmt.Errorf("a change that was acknowledged is gone: %v", last)
	}
	if !o.makes {
		return v, o.judgeOther(u, before, after)
	}
	var outputs []string
	for _, e := range struck {
		outputs = append(outputs, e.stdout)
	}
	if v.changed && !pending {
		if err := o.accepted(u, after, outputs...); err != nil {
			return v, fmt.Errorf("nothing is pending, yet the new key has no secret: %w", err)
		}
	}
	if !v.changed && o.from == "active" && o.rests == "" {
		if err := o.accepted(u, after); err != nil {
			return v, fmt.Errorf("the key is unchanged, yet its secret is gone: %w", err)
		}
	}
	return v, o.again(u, before, v.changed && !pending)
}

// again runs the same command once more and judges what it comes to. done: the struck run had come to its end, so this
// is another command.
func (o order) again(u user, before state, done bool) error {
	next := u.run(o.env, append(o.args, "-o", "json")...)
	want := before.Revision + 1
	outputs := []string{next.stdout}
	switch {
	case done && strings.HasPrefix(o.args[0], "generate"):
		if want := map[bool]int{true: 0, false: 5}[len(o.args) > 1 && o.args[1] == "--if-missing"]; next.status != want {
			return fmt.Errorf("a second generate: %v", next)
		}
		if o.rests == "stdout" {
			return nil // its secret was told, and judged, before
		}
	case next.status != 0 || !strings.Contains(next.stdout, `"changed":true`):
		return fmt.Errorf("the next run did not come to an end: %v", next)
	case done:
		want++
	}
	after, err := u.state()
	if err != nil {
		return err
	}
	if after.Revision != want || after.Status != o.to {
		return fmt.Errorf("%s at revision %d, want %s at %d: not exactly one change", after.Status, after.Revision, o.to, want)
	}
	if u.pending() {
		return fmt.Errorf("a pending record is left: %v", next)
	}
	if strays := u.strays(); len(strays) > 0 {
		return fmt.Errorf("left behind: %v", strays)
	}
	if kept := u.keptSecrets(); o.rests == "" && !u.inKeyring() && len(kept) != 1 {
		return fmt.Errorf("kept: %v", kept)
	}
	return o.accepted(u, after, outputs...)
}

func (u user) inKeyring() bool {
	for i := len(u.env) - 1; i >= 0; i-- {
		if store, ok := strings.CutPrefix(u.env[i], "APIKEY_STORE="); ok {
			return store == "keyring"
		}
	}
	return false
}

// judgeOther judges an order that makes no secret: the next run ends in the state that was asked for, by one change.
func (o order) judgeOther(u user, before, after state) error {
	next := u.run(o.env, o.args...)
	gone := o.to == "none" && after.Status == "none"
	if next.status != 0 && (!gone || next.status != 5) {
		return fmt.Errorf("the next run did not come to an end: %v", next)
	}
	final, err := u.state()
	if err != nil {
		return err
	}
	if final.Status != o.to || final.Revision != before.Revision+1 {
		return fmt.Errorf("%s at revision %d, want %s at %d", final.Status, final.Revision, o.to, before.Revision+1)
	}
	if o.to == "none" {
		return nil
	}
	return o.accepted(u, final)
}

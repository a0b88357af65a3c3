package lifecycle_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// model says the rules once more, in other terms than the code under test: it keeps every key that was ever made, every
// token that was ever given, and what happened to each. Nothing of it is computed by package lifecycle.
type model struct {
	made     []*madeKey
	tokens   []*madeToken
	current  *madeKey // nil: none
	previous *madeKey // nil: none
	off      bool
	changes  int64
}

type madeKey struct {
	name    string
	expires time.Time
	grace   time.Time // end of its grace; zero: not a previous key
}

type madeToken struct {
	of         *madeKey
	generation int64
	dead       bool
}

// works tells whether the service accepts a key's secret.
func (m *model) works(k *madeKey, at time.Time) bool {
	switch k {
	case m.current:
		return !m.off && at.Before(k.expires)
	case m.previous:
		return at.Before(k.grace) && at.Before(k.expires)
	default:
		return false
	}
}

func (m *model) state(at time.Time) string {
	switch {
	case m.current == nil:
		return "none"
	case !at.Before(m.current.expires):
		return "expired"
	case m.off:
		return "disabled"
	default:
		return "active"
	}
}

// kill ends the tokens of a key for good.
func (m *model) kill(k *madeKey) {
	for _, token := range m.tokens {
		if token.of == k {
			token.dead = true
		}
	}
}

func (m *model) newKey(name string, at time.Time) {
	second := at.Truncate(time.Second)
	year, month, d := second.Date()
	hour, minute, sec := second.Clock()
	expires := time.Date(year+1, month, d, hour, minute, sec, 0, time.UTC) // 29 February becomes 1 March by itself
	m.current, m.off = &madeKey{name: name, expires: expires}, false
	m.made = append(m.made, m.current)
}

// act gives what the action must come to: "changed", "no change" or a code.
func (m *model) act(a keyapi.Action, at time.Time, name string, grace time.Duration) string {
	state := m.state(at)
	switch {
	case state == "none" && a != "generate":
		return "no-key"
	case state != "none" && a == "generate":
		return "key-exists"
	case state == "expired" && (a == "disable" || a == "activate"):
		return "key-expired"
	case state == "active" && a == "activate", state == "disabled" && a == "disable",
		a == "delete-previous" && (m.previous == nil || !m.works(m.previous, at)):
		return "no change"
	}
	m.changes++
	switch a {
	case "generate":
		m.newKey(name, at)
	case "regenerate":
		m.kill(m.previous)
		old := m.current
		m.previous = nil
		if state == "active" && grace > 0 {
			old.grace = at.Truncate(time.Second).Add(grace)
			m.previous = old
		} else {
			m.kill(old)
		}
		m.newKey(name, at)
	case "disable":
		m.kill(m.current)
		m.kill(m.previous)
		m.off, m.previous = true, nil
	case "activate":
		m.off = false
	case "delete":
		m.kill(m.current)
		m.kill(m.previous)
		m.current, m.previous = nil, nil
	case "delete-previous":
		m.kill(m.previous)
		m.previous = nil
	}
	return "changed"
}

// TestModel drives random actions at random times, with a clock that is also put back, and compares after every step:
// the state, the revision, which of all secrets ever given works and which of all tokens ever given lives.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{}
		var k lifecycle.Key
		at := time.Date(2028, 2, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(20*day)).Draw(t, "start")))
		act := func(a keyapi.Action) func(*rapid.T) {
			return func(t *rapid.T) {
				grace := time.Duration(0)
				if a == keyapi.ActionRegenerate {
					grace = rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, day, 7 * day}).Draw(t, "grace")
				}
				name := fmt.Sprint("AK", len(m.made))
				want := m.act(a, at, name, grace)
				after, changed, refused := k.Apply(a, at, lifecycle.Fresh{AccessKey: name, Verifier: []byte(name)}, grace)
				if got := outcome(changed, refused); got != want {
					t.Fatalf("%s at %v: %s, want %s", a, at, got, want)
				}
				k = after
			}
		}
		move := func(jumps ...time.Duration) func(*rapid.T) {
			return func(t *rapid.T) { at = at.Add(rapid.SampledFrom(jumps).Draw(t, "jump")) }
		}
		t.Repeat(map[string]func(*rapid.T){
			"generate": act(keyapi.ActionGenerate), "disable": act(keyapi.ActionDisable), "activate": act(keyapi.ActionActivate),
			"regenerate": act(keyapi.ActionRegenerate), "delete": act(keyapi.ActionDelete),
			"delete-previous": act(keyapi.ActionDeletePrevious),
			"rights lost": func(*rapid.T) {
				m.kill(m.current)
				m.kill(m.previous)
				m.changes++
				k = k.Retire()
			},
			"time passes":    move(time.Nanosecond, time.Second, time.Hour, day, 6*day, 8*day, 359*day, 365*day, 366*day),
			"clock put back": move(-time.Second, -time.Hour, -day, -8*day, -366*day),
			"to an end": func(*rapid.T) { // where the mistakes are
				if m.previous != nil {
					at = m.previous.grace
				} else if m.current != nil {
					at = m.current.expires
				}
			},
			"token": func(*rapid.T) {
				for _, made := range m.made {
					if m.works(made, at) {
						m.tokens = append(m.tokens, &madeToken{of: made, generation: generationOf(k, made.name)})
					}
				}
			},
			"": func(t *rapid.T) { compare(t, m, k, at) },
		})
	})
}

func outcome(changed bool, refused keyapi.Code) string {
	switch {
	case refused != "":
		return string(refused)
	case changed:
		return "changed"
	default:
		return "no change"
	}
}

func compare(t *rapid.T, m *model, k lifecycle.Key, at time.Time) {
	if got, want := string(k.Status(at)), m.state(at); got != want {
		t.Fatalf("at %v the key is %s, want %s", at, got, want)
	}
	if k.Revision != m.changes {
		t.Fatalf("revision %d after %d changes", k.Revision, m.changes)
	}
	for _, made := range m.made {
		if got, want := accepts(k, made.name, at), m.works(made, at); got != want {
			t.Fatalf("at %v the secret of %s works: %v, want %v", at, made.name, got, want)
		}
	}
	for _, token := range m.tokens {
		if got, want := lives(k, token.generation, at), !token.dead && m.works(token.of, at); got != want {
			t.Fatalf("at %v a token of %s, generation %d, lives: %v, want %v", at, token.of.name, token.generation, got, want)
		}
	}
}

// accepts is what a service does with a secret: the key must be the current one and active, or the previous one in grace.
func accepts(k lifecycle.Key, name string, at time.Time) bool {
	if k.AccessKey == name {
		return k.Status(at) == keyapi.StatusActive && string(k.Verifier) == name
	}
	p := k.LivePrevious(at)
	return p != nil && p.AccessKey == name && string(p.Verifier) == name
}

func generationOf(k lifecycle.Key, name string) int64 {
	if k.AccessKey == name {
		return k.Generation
	}
	return k.Previous.Generation
}

// lives is what introspection does with a token.
func lives(k lifecycle.Key, generation int64, at time.Time) bool {
	if k.Status(at) == keyapi.StatusActive && k.Generation == generation {
		return true
	}
	p := k.LivePrevious(at)
	return p != nil && p.Generation == generation
}

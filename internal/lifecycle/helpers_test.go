package lifecycle_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const day = 24 * time.Hour

// now is the instant of the tests. It is no whole second, as no clock's is.
var now = time.Date(2026, 11, 23, 6, 44, 0, 789_000_000, time.UTC)

// fresh is the new key of the action under test.
var fresh = lifecycle.Fresh{AccessKey: "AK-new", Verifier: []byte("new")}

// full are the facts of an account that lacks nothing.
var full = lifecycle.Facts{MFARequired: true, MFAEnabled: true, Permitted: true}

// states are the four states of the design, each as stored at now.
func states() map[keyapi.Status]lifecycle.Key {
	made := now.Add(-30 * day).Truncate(time.Second)
	active := lifecycle.Key{
		AccessKey: "AK-old", Verifier: []byte("old"), CreatedAt: made, Generation: 4, Revision: 9, LastGeneration: 4,
	}
	disabled, expired := active, active
	disabled.Disabled = true
	expired.CreatedAt = made.AddDate(-1, 0, 0)
	return map[keyapi.Status]lifecycle.Key{
		keyapi.StatusNone:     {Revision: 9, LastGeneration: 4},
		keyapi.StatusActive:   active,
		keyapi.StatusDisabled: disabled,
		keyapi.StatusExpired:  expired,
	}
}

// inGrace is an active key with a replaced one whose grace period goes on for two days.
func inGrace() lifecycle.Key {
	k := states()[keyapi.StatusActive]
	k.Previous = &lifecycle.Previous{
		AccessKey: "AK-older", Verifier: []byte("older"), Generation: 3, EndsAt: now.Add(2 * day).Truncate(time.Second),
	}
	return k
}

// apply carries out an action that must be possible and change something.
func apply(t *testing.T, k lifecycle.Key, a keyapi.Action, at time.Time, grace time.Duration) lifecycle.Key {
	t.Helper()
	after, changed, refused := k.Apply(a, at, fresh, grace)
	if !changed || refused != "" {
		t.Fatalf("%s: changed %v, refused %q", a, changed, refused)
	}
	return after
}

func wantStatus(t *testing.T, k lifecycle.Key, at time.Time, want keyapi.Status) {
	t.Helper()
	if got := k.Status(at); got != want {
		t.Errorf("at %v the key is %s, want %s", at, got, want)
	}
}

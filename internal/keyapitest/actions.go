package keyapitest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func aNewAccountHasNoKey(t *testing.T, s subject) {
	k := s.key()
	if k.Status != keyapi.StatusNone || k.Usable || k.AccessKey != "" || k.Revision != s.start || !k.ExpiresAt.IsZero() {
		t.Errorf("got %+v", k)
	}
	if k.Account != s.Login {
		t.Errorf("account %q, want %q", k.Account, s.Login)
	}
	if !slices.Equal(k.BlockedBy, []keyapi.Block{keyapi.BlockNoKey}) {
		t.Errorf("blocked by %v", k.BlockedBy)
	}
	if !slices.Equal(k.Actions, []keyapi.Action{keyapi.ActionGenerate}) {
		t.Errorf("actions %v", k.Actions)
	}
}

func generateMakesAnActiveKey(t *testing.T, s subject) {
	r := s.do(keyapi.API.Generate, keyapi.Change{})
	k := r.Key
	if !r.Changed || k.Status != keyapi.StatusActive || !k.Usable || k.Revision != s.start+1 {
		t.Errorf("got %+v", r)
	}
	if _, err := keyapi.ParseAccessKey(k.AccessKey); err != nil {
		t.Error(err)
	}
	if _, err := keyapi.ParseAccessSecret(r.AccessSecret.Reveal()); err != nil {
		t.Error(err)
	}
	if want := k.CreatedAt.AddDate(1, 0, 0); !k.ExpiresAt.Equal(want) || k.CreatedAt.Nanosecond() != 0 {
		t.Errorf("created %v, expires %v, want %v", k.CreatedAt, k.ExpiresAt, want)
	}
	if !slices.Equal(k.Actions, []keyapi.Action{keyapi.ActionDisable, keyapi.ActionRegenerate, keyapi.ActionDelete}) {
		t.Errorf("actions %v", k.Actions)
	}
	s.accepts(k.AccessKey, r.AccessSecret, "")
}

func generateTwice(_ *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	s.refused(keyapi.API.Generate, keyapi.Change{}, keyapi.CodeKeyExists)
}

func slider(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{})
	off := s.do(keyapi.API.Disable, keyapi.Change{})
	if !off.Changed || off.Key.Status != keyapi.StatusDisabled || off.Key.Usable || off.Key.Revision != s.start+2 {
		t.Errorf("disable: %+v", off.Key)
	}
	s.accepts(made.Key.AccessKey, made.AccessSecret, keyapi.CodeKeyDisabled)
	if again := s.do(keyapi.API.Disable, keyapi.Change{}); again.Changed || again.Key.Revision != s.start+2 {
		t.Errorf("a second disable changed something: %+v", again)
	}
	on := s.do(keyapi.API.Activate, keyapi.Change{})
	if !on.Changed || on.Key.Status != keyapi.StatusActive || !on.Key.Usable || on.Key.AccessKey != made.Key.AccessKey {
		t.Errorf("activate: %+v", on.Key)
	}
	s.accepts(made.Key.AccessKey, made.AccessSecret, "")
	if again := s.do(keyapi.API.Activate, keyapi.Change{}); again.Changed {
		t.Error("a second activate changed something")
	}
}

func regenerate(t *testing.T, s subject) {
	old := s.do(keyapi.API.Generate, keyapi.Change{})
	s.do(keyapi.API.Disable, keyapi.Change{})
	s.Advance(time.Hour)
	made := s.do(keyapi.API.Regenerate, keyapi.Change{})
	if made.Key.AccessKey == old.Key.AccessKey || made.Key.Status != keyapi.StatusActive || made.Key.Previous != nil {
		t.Errorf("got %+v", made.Key)
	}
	if !made.Key.CreatedAt.After(old.Key.CreatedAt) {
		t.Error("the new key's year does not begin anew")
	}
	s.accepts(old.Key.AccessKey, old.AccessSecret, keyapi.CodeUnauthenticated)
	s.accepts(made.Key.AccessKey, made.AccessSecret, "")
	s.accepts(made.Key.AccessKey, old.AccessSecret, keyapi.CodeUnauthenticated)
}

func grace(t *testing.T, s subject) {
	old := s.do(keyapi.API.Generate, keyapi.Change{})
	made := s.do(keyapi.API.Regenerate, keyapi.Change{Grace: time.Hour})
	p := made.Key.Previous
	if p == nil || p.AccessKey != old.Key.AccessKey || !p.EndsAt.Equal(made.Key.CreatedAt.Add(time.Hour)) {
		t.Fatalf("previous %+v, created %v", p, made.Key.CreatedAt)
	}
	s.accepts(old.Key.AccessKey, old.AccessSecret, "")
	s.Advance(time.Hour)
	s.accepts(old.Key.AccessKey, old.AccessSecret, keyapi.CodeUnauthenticated)
	s.accepts(made.Key.AccessKey, made.AccessSecret, "")
	if k := s.key(); k.Previous != nil {
		t.Errorf("after its end the previous key still shows: %+v", k.Previous)
	}
}

func graceTwice(t *testing.T, s subject) {
	first := s.do(keyapi.API.Generate, keyapi.Change{})
	second := s.do(keyapi.API.Regenerate, keyapi.Change{Grace: 24 * time.Hour})
	third := s.do(keyapi.API.Regenerate, keyapi.Change{Grace: time.Hour})
	s.accepts(first.Key.AccessKey, first.AccessSecret, keyapi.CodeUnauthenticated)
	s.accepts(second.Key.AccessKey, second.AccessSecret, "")
	s.accepts(third.Key.AccessKey, third.AccessSecret, "")
	s.do(keyapi.API.Disable, keyapi.Change{})
	s.do(keyapi.API.Activate, keyapi.Change{})
	s.accepts(second.Key.AccessKey, second.AccessSecret, keyapi.CodeUnauthenticated)
	if k := s.key(); k.Previous != nil {
		t.Error("disable did not end the grace period for good")
	}
}

func deleteKey(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{})
	gone := s.do(keyapi.API.Delete, keyapi.Change{})
	if !gone.Changed || gone.Key.Status != keyapi.StatusNone || gone.Key.AccessKey != "" || gone.Key.Revision != s.start+2 {
		t.Errorf("got %+v", gone.Key)
	}
	s.accepts(made.Key.AccessKey, made.AccessSecret, keyapi.CodeUnauthenticated)
	s.refused(keyapi.API.Delete, keyapi.Change{}, keyapi.CodeNoKey)
	if again := s.do(keyapi.API.Generate, keyapi.Change{}); again.Key.Revision != s.start+3 {
		t.Errorf("the revision was reset: %d", again.Key.Revision)
	}
}

func deletePrevious(t *testing.T, s subject) {
	old := s.do(keyapi.API.Generate, keyapi.Change{})
	if r := s.do(keyapi.API.DeletePrevious, keyapi.Change{}); r.Changed {
		t.Error("without a previous key something changed")
	}
	made := s.do(keyapi.API.Regenerate, keyapi.Change{Grace: time.Hour})
	r := s.do(keyapi.API.DeletePrevious, keyapi.Change{})
	if !r.Changed || r.Key.Previous != nil || r.Key.AccessKey != made.Key.AccessKey || r.Key.Revision != made.Key.Revision+1 {
		t.Errorf("got %+v", r)
	}
	s.accepts(old.Key.AccessKey, old.AccessSecret, keyapi.CodeUnauthenticated)
	s.accepts(made.Key.AccessKey, made.AccessSecret, "")
}

func expired(t *testing.T, s subject) {
	old := s.do(keyapi.API.Generate, keyapi.Change{})
	s.Advance(old.Key.ExpiresAt.Sub(old.Key.CreatedAt))
	k := s.key()
	if k.Status != keyapi.StatusExpired || k.Usable || !slices.Equal(k.Actions, []keyapi.Action{keyapi.ActionRegenerate, keyapi.ActionDelete}) {
		t.Errorf("got %+v", k)
	}
	s.accepts(old.Key.AccessKey, old.AccessSecret, keyapi.CodeKeyExpired)
	s.refused(keyapi.API.Disable, keyapi.Change{}, keyapi.CodeKeyExpired)
	s.refused(keyapi.API.Activate, keyapi.Change{}, keyapi.CodeKeyExpired)
	s.refused(keyapi.API.Generate, keyapi.Change{}, keyapi.CodeKeyExists)
	made := s.do(keyapi.API.Regenerate, keyapi.Change{Grace: time.Hour})
	if made.Key.Status != keyapi.StatusActive || made.Key.Previous != nil {
		t.Errorf("an expired key got a grace period: %+v", made.Key)
	}
	s.Advance(lifecycle.Expiry(made.Key.CreatedAt).Sub(made.Key.CreatedAt))
	s.do(keyapi.API.Delete, keyapi.Change{})
}

func withoutAKey(_ *testing.T, s subject) {
	for _, c := range []call{
		keyapi.API.Disable, keyapi.API.Activate, keyapi.API.Regenerate, keyapi.API.Delete, keyapi.API.DeletePrevious,
	} {
		s.refused(c, keyapi.Change{}, keyapi.CodeNoKey)
	}
}

func graceRange(_ *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	for _, d := range []time.Duration{-time.Second, keyapi.MaxGrace + time.Second, time.Millisecond} {
		s.refused(keyapi.API.Regenerate, keyapi.Change{Grace: d}, keyapi.CodeInvalidRequest)
	}
	s.refused(keyapi.API.Disable, keyapi.Change{Grace: time.Hour}, keyapi.CodeInvalidRequest)
	s.do(keyapi.API.Regenerate, keyapi.Change{Grace: keyapi.MaxGrace})
}

func authenticate(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{})
	other, err := keyapi.NewAccessKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := keyapi.NewAccessSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unknown := s.API.Authenticate(context.Background(), other, made.AccessSecret)
	mistaken := s.API.Authenticate(context.Background(), made.Key.AccessKey, wrong)
	if keyapi.CodeOf(unknown) != keyapi.CodeUnauthenticated || keyapi.CodeOf(mistaken) != keyapi.CodeUnauthenticated || unknown.Error() != mistaken.Error() {
		t.Errorf("unknown: %v; wrong: %v", unknown, mistaken)
	}
	if k := s.key(); !k.LastUsedAt.IsZero() {
		t.Error("a refused secret counts as a use")
	}
	s.accepts(made.Key.AccessKey, made.AccessSecret, "")
	if k := s.key(); k.LastUsedAt.IsZero() || k.Revision != s.start+1 {
		t.Errorf("after a use: %+v", k)
	}
	if r := s.do(keyapi.API.Regenerate, keyapi.Change{}); !r.Key.LastUsedAt.IsZero() {
		t.Error("a new key is shown as used")
	}
}

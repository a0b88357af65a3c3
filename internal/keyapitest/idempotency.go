package keyapitest

import (
	"context"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func ifMatch(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{})
	seen := made.Key.Revision
	s.do(keyapi.API.Disable, keyapi.Change{IfMatch: &seen})
	s.refused(keyapi.API.Activate, keyapi.Change{IfMatch: &seen}, keyapi.CodeVersionConflict)
	s.refused(keyapi.API.Regenerate, keyapi.Change{IfMatch: &seen}, keyapi.CodeVersionConflict)
	// A revision that is not there comes before the state: a disable that would change nothing is refused too.
	s.refused(keyapi.API.Disable, keyapi.Change{IfMatch: &seen}, keyapi.CodeVersionConflict)
	now := s.key().Revision
	if r := s.do(keyapi.API.Activate, keyapi.Change{IfMatch: &now}); !r.Changed {
		t.Error("with the right revision nothing changed")
	}
}

func replay(t *testing.T, s subject) {
	ik := newKey(t)
	first := s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
	second := s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
	if second.AccessSecret.Reveal() != first.AccessSecret.Reveal() || second.Key.AccessKey != first.Key.AccessKey || !second.Changed {
		t.Errorf("a repetition gave another result: %+v, then %+v", first, second)
	}
	if k := s.key(); k.Revision != s.start+1 {
		t.Errorf("a repetition acted again: revision %d", k.Revision)
	}
	ik = newKey(t)
	seen := s.start + 1
	first = s.do(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik, IfMatch: &seen})
	second = s.do(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik, IfMatch: &seen})
	if second.AccessSecret.Reveal() != first.AccessSecret.Reveal() {
		t.Error("a repetition with If-Match gave another secret")
	}
	ik = newKey(t)
	s.do(keyapi.API.Delete, keyapi.Change{IdempotencyKey: ik})
	if r := s.do(keyapi.API.Delete, keyapi.Change{IdempotencyKey: ik}); !r.Changed || r.Key.Status != keyapi.StatusNone {
		t.Errorf("a repeated delete: %+v", r)
	}
}

func mismatch(t *testing.T, s subject) {
	ik := newKey(t)
	s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
	s.refused(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik}, keyapi.CodeIdempotencyMismatch)
	ik = newKey(t)
	s.do(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik})
	s.refused(keyapi.API.Regenerate, keyapi.Change{IdempotencyKey: ik, Grace: time.Hour}, keyapi.CodeIdempotencyMismatch)
}

func missingKey(t *testing.T, s subject) {
	for _, c := range []call{keyapi.API.Generate, keyapi.API.Regenerate} {
		if _, err := c(s.API, context.Background(), keyapi.Change{}); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("got %v", err)
		}
	}
}

func superseded(t *testing.T, s subject) {
	ends := []struct {
		name string
		call call
	}{{"regenerate", keyapi.API.Regenerate}, {"delete", keyapi.API.Delete}}
	for _, end := range ends {
		if s.key().Status != keyapi.StatusNone {
			s.do(keyapi.API.Delete, keyapi.Change{})
		}
		ik := newKey(t)
		s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
		s.do(end.call, keyapi.Change{})
		s.refused(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik}, keyapi.CodeSuperseded)
		if _, err := s.API.Recover(context.Background(), ik); keyapi.CodeOf(err) != keyapi.CodeSuperseded {
			t.Errorf("after %s, Recover: %v", end.name, err)
		}
	}
}

func recoverReply(t *testing.T, s subject) {
	ik := newKey(t)
	made := s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
	s.do(keyapi.API.Disable, keyapi.Change{})
	s.Advance(keyapi.RecoverableFor - time.Minute)
	got, err := s.API.Recover(context.Background(), ik)
	if err != nil || got.AccessSecret.Reveal() != made.AccessSecret.Reveal() || got.Key.AccessKey != made.Key.AccessKey {
		t.Errorf("got %+v, %v", got, err)
	}
	if k := s.key(); k.Revision != s.start+2 {
		t.Errorf("Recover changed something: %+v", k)
	}
}

func recoverNothing(t *testing.T, s subject) {
	ik := newKey(t)
	for range 2 {
		if _, err := s.API.Recover(context.Background(), ik); keyapi.CodeOf(err) != keyapi.CodeNotExecuted {
			t.Errorf("got %v", err)
		}
	}
	s.refused(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik}, keyapi.CodeSuperseded)
	s.do(keyapi.API.Generate, keyapi.Change{})
}

func recoverTooLate(t *testing.T, s subject) {
	ik := newKey(t)
	s.do(keyapi.API.Generate, keyapi.Change{IdempotencyKey: ik})
	s.Advance(keyapi.RecoverableFor + time.Second)
	if _, err := s.API.Recover(context.Background(), ik); keyapi.CodeOf(err) != keyapi.CodeNotExecuted {
		t.Errorf("got %v", err)
	}
}

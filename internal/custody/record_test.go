package custody_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestTheStoreFailsAfterTheCall_TheSameCommandRecovers(t *testing.T) {
	for _, in := range []custody.Intent{generate, regenerate} {
		b := newBench(t)
		if in.Action == keyapi.ActionRegenerate {
			b.mustAct(generate)
		}
		before := b.key().Revision
		b.keyring.Fails["put"] = fail(keyapi.CodeStoreLocked)
		_, err := b.act(in)
		b.wantCode(err, keyapi.CodeStoreLocked)
		var told *keyapi.Error
		if !errors.As(err, &told) || !strings.Contains(told.Hint, "run the same command before 24 November 06:44") {
			t.Errorf("%s: %+v", in.Action, told)
		}
		if !b.pending() {
			t.Fatalf("%s: the record is gone", in.Action)
		}
		delete(b.keyring.Fails, "put")
		out := b.mustAct(in)
		if !out.Recovered || !out.Changed || b.key().Revision != before+1 {
			t.Errorf("%s: %+v, revision %d", in.Action, out, b.key().Revision)
		}
		b.safe()
	}
}

func TestTheCallFails(t *testing.T) {
	t.Run("ForCertain_DropsTheRecord", func(t *testing.T) {
		b := newBench(t)
		b.api.before = fail(keyapi.CodeUnreachable)
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeUnreachable)
		if b.pending() {
			t.Error("the record was kept")
		}
	})
	t.Run("NotExecuted_IsFoundOut", func(t *testing.T) {
		b := newBench(t)
		b.api.before = fail(keyapi.CodeOutcomeUnknown)
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeOutcomeUnknown)
		b.api.before = nil
		if out := b.mustAct(generate); out.Recovered || b.key().Revision != 1 {
			t.Errorf("%+v", out)
		}
		b.safe()
	})
	t.Run("Executed_IsRecovered", func(t *testing.T) {
		b := newBench(t)
		b.loses(generate)
		if out := b.mustAct(custody.Intent{Action: keyapi.ActionGenerate, IfMissing: true}); !out.Recovered || b.key().Revision != 1 {
			t.Errorf("%+v", out)
		}
		b.safe()
	})
}

func TestARecord_OfAnotherRequest(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.loses(custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, Grace: time.Hour})
	// The same action with another grace is another request: a leaked key must die now.
	out := b.mustAct(regenerate)
	if out.Recovered || out.Key.Previous != nil || b.key().Revision != 3 {
		t.Errorf("%+v", out)
	}
	b.safe()
}

func TestARecord_TooOld_IsDropped(t *testing.T) {
	b := newBench(t)
	b.loses(generate)
	b.now = b.now.Add(keyapi.RecoverableFor + time.Second)
	if _, _, found := b.Unfinished(); found {
		t.Error("a record that is void is still told of")
	}
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeKeyExists)
	if b.pending() || len(b.notices) != 1 {
		t.Errorf("pending %v, notices %v", b.pending(), b.notices)
	}
}

// TestARecord_IsAsOldAsTheServiceSays: this machine's clock was set ahead in the meantime. The service still has the
// reply; while it can't be asked, the record is kept and stands in nobody's way.
func TestARecord_IsAsOldAsTheServiceSays(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.loses(regenerate)
	b.Now = func() time.Time { return b.now.Add(2 * keyapi.RecoverableFor) }
	b.api.recover = fail(keyapi.CodeUnreachable)
	if err := b.Secret(context.Background(), func(string, keyapi.Secret) error { return nil }); err != nil || !b.pending() {
		t.Errorf("%v, pending %v", err, b.pending())
	}
	b.api.recover = nil
	if out := b.mustAct(regenerate); !out.Recovered || b.key().Revision != 2 {
		t.Errorf("%+v", out)
	}
	b.safe()
}

func TestARecord_WhoseKeyWasReplacedElsewhere_IsDropped(t *testing.T) {
	b := newBench(t)
	b.loses(generate)
	ik, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.api.Service.Regenerate(context.Background(), keyapi.Change{IdempotencyKey: ik}); err != nil {
		t.Fatal(err)
	}
	_, err = b.act(generate)
	b.wantCode(err, keyapi.CodeKeyExists)
	if b.pending() || len(b.keyring.Kept) > 0 {
		t.Error("the secret of a dead key was kept")
	}
}

func TestARecord_Damaged_IsDropped(t *testing.T) {
	for _, text := range []string{"", "{", "null", "[]", `{"idempotencyKey":"ik_x"}`, `{"operation":"generate","idempotencyKey":"ik_0123456789012345678901"}`} {
		b := newBench(t)
		b.mustAct(generate)
		folders, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*"))
		if err != nil || len(folders) != 1 {
			t.Fatal(folders, err)
		}
		if err := os.WriteFile(filepath.Join(folders[0], "pending.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.mustAct(regenerate)
		b.safe()
	}
}

func TestNone_TheRecordOutlivesTheOutput(t *testing.T) {
	b := newBench(t)
	b.Choice = keeping.ChooseNone
	in := custody.Intent{Action: keyapi.ActionGenerate, ShowSecret: true}
	closed := fail(keyapi.CodeInternal)
	err := b.Act(context.Background(), in, func(custody.Outcome) error { return closed })
	b.wantCode(err, keyapi.CodeInternal)
	if !b.pending() {
		t.Fatal("the only way to the secret is gone")
	}
	var shown string
	if err := b.Act(context.Background(), in, func(o custody.Outcome) error { shown = o.Secret.Reveal(); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := b.api.Authenticate(context.Background(), b.key().AccessKey, keyapi.NewSecret(shown)); err != nil || b.pending() {
		t.Errorf("%v, pending %v", err, b.pending())
	}
}

// TestARecord_WhoseLockSomebodyHoldsForAMoment: a status that looks at the record holds the lock. The run that recovers
// waits for it: else it would say that there is a key already, and leave its secret where it was.
func TestARecord_WhoseLockSomebodyHoldsForAMoment_IsRecovered(t *testing.T) {
	for _, recovers := range []struct {
		name string
		do   func(b *bench) error
	}{
		{"generate", func(b *bench) error { _, err := b.act(generate); return err }},
		{"secret", func(b *bench) error {
			return b.Secret(context.Background(), func(string, keyapi.Secret) error { return nil })
		}},
	} {
		t.Run(recovers.name, func(t *testing.T) {
			b := newBench(t)
			b.loses(generate)
			found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "lock"))
			if err != nil || len(found) != 1 {
				t.Fatalf("%v %v", found, err)
			}
			lock := flock.New(found[0])
			if err := lock.Lock(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(30*time.Millisecond, func() { _ = lock.Unlock() })
			if err := recovers.do(b); err != nil {
				t.Fatal(err)
			}
			b.safe()
		})
	}
}

package custody_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestGenerate_TheOrder(t *testing.T) {
	b := newBench(t)
	out := b.mustAct(generate)
	if got := strings.Join(b.journal, ", "); got != "keyring probe, call generate, keyring put, show" {
		t.Errorf("order: %s", got)
	}
	if !out.Changed || out.Kept.AccessKey != out.Key.AccessKey || out.Kept.Store != secretstore.KindKeyring || !out.Secret.IsZero() {
		t.Errorf("outcome %+v", out)
	}
	b.safe()
}

func TestRegenerate_TheOrder_AsksAfterTheTargetIsReady_AndRemovesTheOldSlotLast(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.journal = nil
	b.mustAct(custody.Intent{Action: keyapi.ActionRegenerate})
	if got := strings.Join(b.journal, ", "); got != "keyring probe, ask Get New Key, call regenerate, keyring put, keyring delete, show" {
		t.Errorf("order: %s", got)
	}
	if len(b.keyring.Kept) != 1 {
		t.Errorf("%d secrets are kept", len(b.keyring.Kept))
	}
	b.safe()
}

func TestRefusalsAndNoChange_EndBeforeAnyQuestionOrProbe(t *testing.T) {
	b := newBench(t)
	for _, a := range []keyapi.Action{keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete, keyapi.ActionDeletePrevious} {
		_, err := b.act(custody.Intent{Action: a})
		b.wantCode(err, keyapi.CodeNoKey)
	}
	b.mustAct(generate)
	b.journal = nil
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeKeyExists)
	for _, in := range []custody.Intent{
		{Action: keyapi.ActionActivate}, {Action: keyapi.ActionGenerate, IfMissing: true}, {Action: keyapi.ActionDeletePrevious},
	} {
		if out := b.mustAct(in); out.Changed || out.Kept.AccessKey == "" {
			t.Errorf("%s: %+v", in.Action, out)
		}
	}
	if got := strings.Join(b.journal, ", "); got != "show, show, show" {
		t.Errorf("order: %s", got)
	}
}

func TestCancel_ChangesNothing(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	before := b.key()
	b.answer = fail(keyapi.CodeCancelled)
	for _, a := range []keyapi.Action{keyapi.ActionDisable, keyapi.ActionRegenerate, keyapi.ActionDelete} {
		_, err := b.act(custody.Intent{Action: a})
		b.wantCode(err, keyapi.CodeCancelled)
	}
	_, err := b.Forget(context.Background(), false)
	b.wantCode(err, keyapi.CodeCancelled)
	if after := b.key(); after.Revision != before.Revision {
		t.Errorf("revision %d, was %d", after.Revision, before.Revision)
	}
	b.safe()
}

func TestPopup_SaysWhatWillHappenToWhichKeyOfWhichAccountOnWhichService(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	old := b.key().AccessKey
	b.mustAct(custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, Grace: time.Hour})
	b.answer = fail(keyapi.CodeCancelled)
	for _, test := range []struct {
		in    custody.Intent
		wants []string
	}{
		{custody.Intent{Action: keyapi.ActionDisable}, []string{"stops working at once", "The previous key " + old + " stops working too."}},
		{custody.Intent{Action: keyapi.ActionDelete}, []string{"gone for good", "The previous key " + old + " stops working too."}},
		{custody.Intent{Action: keyapi.ActionRegenerate}, []string{"The old ones are gone for good.", "The key replaced before, " + old + ", stops working now."}},
		{custody.Intent{Action: keyapi.ActionRegenerate, Grace: 24 * time.Hour}, []string{"The old secret works on until 24 November 2026 06:44.", old}},
		{custody.Intent{Action: keyapi.ActionDeletePrevious}, []string{"the previous secret stops working at once", "Key      " + old}},
	} {
		_, err := b.act(test.in)
		b.wantCode(err, keyapi.CodeCancelled)
		q := b.asked[len(b.asked)-1]
		text := strings.Join(q.Body, "\n")
		for _, want := range append(test.wants, "Account  ada", "Service  embedded, this machine only") {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", test.in.Action, want, text)
			}
		}
		if q.Cancel != "Cancel" {
			t.Errorf("%s: the other button is %q", test.in.Action, q.Cancel)
		}
	}
}

func TestConfirmed_ButChangedMeanwhile_IsAConflict(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.api.meanwhile = func() {
		b.api.meanwhile = nil
		if _, err := b.api.Service.Disable(context.Background(), keyapi.Change{}); err != nil {
			t.Error(err)
		}
	}
	_, err := b.act(custody.Intent{Action: keyapi.ActionRegenerate})
	b.wantCode(err, keyapi.CodeVersionConflict)
	if b.pending() {
		t.Error("a refusal left a record")
	}
	b.mustAct(regenerate) // --yes sends no If-Match
	b.safe()
}

func TestTheTargetIsNotReady_NothingIsCalled(t *testing.T) {
	for _, code := range []keyapi.Code{keyapi.CodeStoreLocked, keyapi.CodeStoreTimeout, keyapi.CodeStoreDenied, keyapi.CodeStoreFailed} {
		b := newBench(t)
		b.keyring.Fails["probe"] = fail(code)
		_, err := b.act(generate)
		b.wantCode(err, code)
		if b.key().Status != keyapi.StatusNone || len(b.asked) > 0 || len(b.file.Kept) > 0 {
			t.Errorf("%s: something was done: %v", code, b.journal)
		}
	}
}

func TestAuto_NoKeyring(t *testing.T) {
	unreachable := fail(keyapi.CodeStoreUnavailable)
	t.Run("AScript_IsRefused", func(t *testing.T) {
		b := newBench(t)
		b.mayAsk, b.keyring.Fails["probe"] = false, unreachable
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeStoreUnavailable)
	})
	t.Run("APerson_Cancels", func(t *testing.T) {
		b := newBench(t)
		b.keyring.Fails["probe"], b.answer = unreachable, fail(keyapi.CodeCancelled)
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeCancelled)
		if b.remembered || b.key().Status != keyapi.StatusNone {
			t.Error("something was done")
		}
	})
	t.Run("APerson_TakesTheFile", func(t *testing.T) {
		b := newBench(t)
		b.keyring.Fails["probe"] = unreachable
		if out := b.mustAct(generate); out.Kept.Store != secretstore.KindFile || !b.remembered {
			t.Errorf("kept in %s, remembered %v", out.Kept.Store, b.remembered)
		}
		b.safe()
	})
	t.Run("KeyringChosen_NeverTheFile", func(t *testing.T) {
		b := newBench(t)
		b.Choice, b.keyring.Fails["probe"] = keeping.ChooseKeyring, unreachable
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeStoreUnavailable)
		if len(b.asked) > 0 {
			t.Error("asked for the file")
		}
	})
}

func TestDelete_RemovesWhatIsKept_AndSurvivesAFailingStore(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreLocked)
	out := b.mustAct(custody.Intent{Action: keyapi.ActionDelete, Yes: true})
	if out.Key.Status != keyapi.StatusNone || out.Kept.AccessKey != "" || len(b.notices) != 1 {
		t.Errorf("%+v, notices %v", out, b.notices)
	}
	_, err := b.Forget(context.Background(), true)
	b.wantCode(err, keyapi.CodeStoreLocked)
	b.keyring.Fails = map[string]error{}
	if out, err := b.Forget(context.Background(), true); err != nil || !out.Changed || len(b.keyring.Kept) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := b.Forget(context.Background(), true); err != nil || out.Changed {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestConditional_AnotherMachineIsFaster: two jobs of the same night rotate the key once. A second rotation would end the
// grace period of the secret that is in use everywhere.
func TestConditional_AnotherMachineIsFaster(t *testing.T) {
	year := 400 * 24 * time.Hour
	month := 30 * 24 * time.Hour
	for _, test := range []struct {
		name   string
		in     custody.Intent
		exists bool // there is a key before
	}{
		{"Regenerate", custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, IfExpiringWithin: &month, Grace: time.Hour}, true},
		{"Generate", custody.Intent{Action: keyapi.ActionGenerate, IfMissing: true}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			var used string
			if test.exists {
				b.mustAct(generate)
				used = b.key().AccessKey
				b.now = b.key().ExpiresAt.Add(-month)
			}
			b.api.overtaken = func() {
				ik, err := keyapi.NewIdempotencyKey(rand.Reader)
				if err == nil && test.exists {
					_, err = b.api.Service.Regenerate(context.Background(), keyapi.Change{Grace: time.Hour, IdempotencyKey: ik})
				} else if err == nil {
					_, err = b.api.Service.Generate(context.Background(), keyapi.Change{IdempotencyKey: ik})
				}
				if err != nil {
					t.Error(err)
				}
			}
			out := b.mustAct(test.in)
			if out.Changed || out.Key.AccessKey != b.key().AccessKey {
				t.Errorf("the key of the faster one was replaced: %+v", out)
			}
			if test.exists && (out.Key.Previous == nil || out.Key.Previous.AccessKey != used) {
				t.Errorf("the secret in use has no grace period any more: %+v", out.Key)
			}
			if b.pending() {
				t.Error("a refusal left a record")
			}
		})
	}
	t.Run("ThereIsStillSomethingToDo", func(t *testing.T) {
		b := newBench(t)
		b.mustAct(generate)
		b.api.overtaken = func() {
			for _, act := range []func(context.Context, keyapi.Change) (keyapi.Result, error){b.api.Service.Disable, b.api.Activate} {
				if _, err := act(context.Background(), keyapi.Change{}); err != nil {
					t.Error(err)
				}
			}
		}
		out := b.mustAct(custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, IfExpiringWithin: &year})
		if !out.Changed {
			t.Errorf("%+v", out)
		}
		b.safe()
	})
}

func TestConditional(t *testing.T) {
	b := newBench(t)
	month := 30 * 24 * time.Hour
	in := custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, IfExpiringWithin: &month, Grace: time.Hour}
	_, err := b.act(in)
	b.wantCode(err, keyapi.CodeNoKey)
	b.mustAct(generate)
	if out := b.mustAct(in); out.Changed {
		t.Error("a fresh key was replaced")
	}
	b.now = b.key().ExpiresAt.Add(-month)
	if out := b.mustAct(in); !out.Changed || out.Key.Previous == nil {
		t.Errorf("an expiring key was not replaced: %+v", out)
	}
	b.mustAct(custody.Intent{Action: keyapi.ActionDisable, Yes: true})
	_, err = b.act(in)
	b.wantCode(err, keyapi.CodeKeyDisabled)
	b.now = b.key().ExpiresAt
	if out := b.mustAct(in); !out.Changed || out.Key.Previous != nil {
		t.Errorf("an expired key was not replaced: %+v", out)
	}
	b.safe()
}

package custody_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// wantsCode makes the service want a fresh code, and gives what happens when a person is asked for it.
func (b *bench) wantsCode(asked error) {
	b.api.before = fail(keyapi.CodeOTPRequired)
	b.Service.Verify = func(context.Context) error {
		b.journal = append(b.journal, "code")
		if b.pending() {
			b.t.Error("the record is there while a person is asked")
		}
		if asked == nil {
			b.api.before = nil
		}
		return asked
	}
}

func TestFreshCode_IsAskedInTheFlow_AndTheActionGoesOn(t *testing.T) {
	b := newBench(t)
	b.wantsCode(nil)
	out := b.mustAct(generate)
	if got := strings.Join(b.journal, ", "); got != "keyring probe, call generate, code, call generate, keyring put, show" {
		t.Errorf("order: %s", got)
	}
	if !out.Changed {
		t.Error("nothing was changed")
	}
	if b.api.sent[0].IdempotencyKey.Reveal() == b.api.sent[1].IdempotencyKey.Reveal() {
		t.Error("the second call has the Idempotency-Key of the first")
	}
	b.safe()
}

func TestFreshCode_OutsideTheLock(t *testing.T) {
	b := newBench(t)
	b.wantsCode(nil)
	verify := b.Service.Verify
	b.Service.Verify = func(ctx context.Context) error {
		other := *b.Custodian
		other.Service.Verify = nil
		b.api.before = nil
		if err := other.Act(ctx, generate, func(custody.Outcome) error { return nil }); err != nil {
			t.Errorf("another command on the account: %v", err)
		}
		return verify(ctx)
	}
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeKeyExists) // the state was read anew
	b.safe()
}

func TestFreshCode_TheRevisionOfThePopup_StaysInIfMatch(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	shown := b.key().Revision
	b.wantsCode(nil)
	b.mustAct(custody.Intent{Action: keyapi.ActionRegenerate})
	if n := len(b.asked); n != 1 {
		t.Errorf("%d pop-ups", n)
	}
	for _, change := range b.api.sent[1:] {
		if change.IfMatch == nil || *change.IfMatch != shown {
			t.Errorf("If-Match %v, want %d", change.IfMatch, shown)
		}
	}
	b.safe()
}

func TestFreshCode_NotGiven_ChangesNothing(t *testing.T) {
	for _, code := range []keyapi.Code{keyapi.CodeCancelled, keyapi.CodeOTPRequired, keyapi.CodeOTPInvalid} {
		b := newBench(t)
		b.wantsCode(fail(code))
		_, err := b.act(generate)
		b.wantCode(err, code)
		if b.pending() || b.key().Status != keyapi.StatusNone {
			t.Errorf("%s: a record or a key was left", code)
		}
		if got := strings.Join(b.journal, ", "); got != "keyring probe, call generate, code" {
			t.Errorf("%s: order: %s", code, got)
		}
	}
}

func TestFreshCode_ThatDidNotHelp_IsNotAskedAgain(t *testing.T) {
	b := newBench(t)
	b.wantsCode(nil)
	b.Service.Verify = func(context.Context) error { return nil }
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeOTPRequired)
	if b.pending() {
		t.Error("a record was left")
	}
}

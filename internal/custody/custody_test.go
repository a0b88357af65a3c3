package custody_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/embedded"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/internal/secretstore/storefake"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// fakeAPI is the real embedded service with calls that can be made to fail before or after they happen.
type fakeAPI struct {
	*embedded.Service
	before, after error
	recover       error
	sent          []keyapi.Change
	meanwhile     func() // happens while the pop-up is open
	journal       *[]string
}

func (a *fakeAPI) call(name string, do func() (keyapi.Result, error)) (keyapi.Result, error) {
	*a.journal = append(*a.journal, "call "+name)
	if a.before != nil {
		return keyapi.Result{}, a.before
	}
	r, err := do()
	if err == nil && a.after != nil {
		return keyapi.Result{}, a.after
	}
	return r, err
}

func (a *fakeAPI) Generate(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	a.sent = append(a.sent, c)
	return a.call("generate", func() (keyapi.Result, error) { return a.Service.Generate(ctx, c) })
}

func (a *fakeAPI) Regenerate(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	a.sent = append(a.sent, c)
	return a.call("regenerate", func() (keyapi.Result, error) { return a.Service.Regenerate(ctx, c) })
}

func (a *fakeAPI) Disable(ctx context.Context, c keyapi.Change) (keyapi.Result, error) {
	a.sent = append(a.sent, c)
	return a.call("disable", func() (keyapi.Result, error) { return a.Service.Disable(ctx, c) })
}

func (a *fakeAPI) Recover(ctx context.Context, key keyapi.IdempotencyKey) (keyapi.Result, error) {
	if a.recover != nil {
		return keyapi.Result{}, a.recover
	}
	return a.Service.Recover(ctx, key)
}

// bench is a custodian with everything around it at hand.
type bench struct {
	*custody.Custodian
	t             testing.TB
	api           *fakeAPI
	keyring, file *storefake.Store
	journal       []string
	notices       []string
	asked         []popup.Question
	answer        error // of the pop-up
	mayAsk        bool
	remembered    bool
	now           time.Time
}

func (b *bench) MayAsk() bool { return b.mayAsk }

func (b *bench) Confirm(_ context.Context, q popup.Question) error {
	b.journal = append(b.journal, "ask "+q.Confirm)
	b.asked = append(b.asked, q)
	if b.api.meanwhile != nil {
		b.api.meanwhile()
	}
	return b.answer
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, mayAsk: true, now: time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	service, err := embedded.Open(context.Background(), embedded.Options{Dir: filepath.Join(dir, "local"), Login: func() string { return "ada" }, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	b.api = &fakeAPI{Service: service, journal: &b.journal}
	b.keyring, b.file = storefake.New(secretstore.KindKeyring, &b.journal), storefake.New(secretstore.KindFile, &b.journal)
	b.Custodian = &custody.Custodian{
		Service: custody.Service{API: b.api, Instance: service.Instance(), Login: "ada", Place: "embedded, this machine only"},
		Keeper: keeping.Keeper{
			Choice: keeping.ChooseAuto, Keyring: b.keyring, File: b.file, Popup: b,
			RememberFile: func() error { b.remembered = true; return nil },
			Notice:       func(text string) { b.notices = append(b.notices, text) },
		},
		Dir: dir, Now: clock, Random: rand.Reader, UserAgent: "test", Log: slog.New(slog.DiscardHandler),
	}
	return b
}

func (b *bench) act(in custody.Intent) (custody.Outcome, error) {
	var out custody.Outcome
	err := b.Act(context.Background(), in, func(o custody.Outcome) error {
		out = o
		b.journal = append(b.journal, "show")
		return nil
	})
	return out, err
}

func (b *bench) mustAct(in custody.Intent) custody.Outcome {
	b.t.Helper()
	out, err := b.act(in)
	if err != nil {
		b.t.Fatalf("%s: %v", in.Action, err)
	}
	return out
}

func (b *bench) wantCode(err error, want keyapi.Code) {
	b.t.Helper()
	if keyapi.CodeOf(err) != want {
		b.t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, want)
	}
}

func (b *bench) key() keyapi.Key {
	b.t.Helper()
	k, err := b.api.Key(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return k
}

// safe checks what must always hold in the end: the kept secret is the live key's and the service accepts it.
func (b *bench) safe() {
	b.t.Helper()
	accessKey, secret, err := b.Open(context.Background())
	if err != nil {
		b.t.Fatalf("no kept secret: %v", err)
	}
	if accessKey != b.key().AccessKey {
		b.t.Errorf("kept is %s, live is %s", accessKey, b.key().AccessKey)
	}
	if err := b.api.Authenticate(context.Background(), accessKey, secret); err != nil {
		b.t.Errorf("the kept secret is refused: %v", err)
	}
	if b.pending() {
		b.t.Error("a pending record was left")
	}
}

func (b *bench) pending() bool {
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "pending.json"))
	if err != nil {
		b.t.Fatal(err)
	}
	return len(found) > 0
}

var (
	generate   = custody.Intent{Action: keyapi.ActionGenerate}
	regenerate = custody.Intent{Action: keyapi.ActionRegenerate, Yes: true}
)

func fail(code keyapi.Code) error { return keyapi.Errorf(code, "it failed", "") }

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

func TestAWriteThatLandsLate_LeavesNoStraySecret(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["put"], b.keyring.Lands = fail(keyapi.CodeStoreTimeout), true
	_, err := b.act(regenerate)
	b.wantCode(err, keyapi.CodeStoreTimeout)
	stray := b.key().AccessKey
	b.keyring.Fails, b.keyring.Lands = map[string]error{}, false
	if _, err := b.api.Delete(context.Background(), keyapi.Change{}); err != nil { // on another machine
		t.Fatal(err)
	}
	b.mustAct(generate)
	for slot := range b.keyring.Kept {
		if slot.Name == stray {
			t.Error("the stray secret is still there")
		}
	}
	if len(b.keyring.Kept) != 1 {
		t.Errorf("%d secrets are kept", len(b.keyring.Kept))
	}
	b.safe()
}

func TestTheOldSlotCannotBeRemoved_IsToldAndTriedAgain(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreDenied)
	b.mustAct(regenerate)
	if len(b.notices) != 1 || !strings.Contains(b.notices[0], "The old secret of AK") {
		t.Errorf("notices %v", b.notices)
	}
	b.keyring.Fails = map[string]error{}
	b.mustAct(regenerate)
	if len(b.keyring.Kept) != 1 {
		t.Errorf("%d secrets are kept", len(b.keyring.Kept))
	}
	b.safe()
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
		b.api.after = fail(keyapi.CodeOutcomeUnknown)
		_, err := b.act(generate)
		b.wantCode(err, keyapi.CodeOutcomeUnknown)
		b.api.after = nil
		if out := b.mustAct(custody.Intent{Action: keyapi.ActionGenerate, IfMissing: true}); !out.Recovered || b.key().Revision != 1 {
			t.Errorf("%+v", out)
		}
		b.safe()
	})
}

func TestARecord_OfAnotherRequest(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(custody.Intent{Action: keyapi.ActionRegenerate, Yes: true, Grace: time.Hour})
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	b.api.after = nil
	// The same action with another grace is another request: a leaked key must die now.
	out := b.mustAct(regenerate)
	if out.Recovered || out.Key.Previous != nil || b.key().Revision != 3 {
		t.Errorf("%+v", out)
	}
	b.safe()
}

func TestARecord_TooOld_IsDropped(t *testing.T) {
	b := newBench(t)
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	b.api.after = nil
	b.now = b.now.Add(keyapi.RecoverableFor + time.Second)
	if _, _, found := b.Unfinished(); found {
		t.Error("a record that is void is still told of")
	}
	_, err = b.act(generate)
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
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(regenerate)
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	b.api.after = nil
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
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	b.api.after = nil
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

func TestMetadata_Damaged_IsAnErrorForReaders_AndNoObstacleForANewSecret(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "kept.json"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.WriteFile(found[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = b.Kept()
	b.wantCode(err, keyapi.CodeStoreFailed)
	b.mustAct(regenerate)
	b.safe()
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

func TestFiles_HoldNoAccessSecret_AndArePrivate(t *testing.T) {
	b := newBench(t)
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(generate)
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	err = filepath.Walk(filepath.Join(b.Dir, "accounts"), func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if info.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "aks_") {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpen_DamagedSecret_IsNotPrinted(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	for slot, good := range b.keyring.Kept {
		for _, text := range []string{"x", good[:20], good + "0"} {
			b.keyring.Kept[slot] = text
			_, _, err := b.Open(context.Background())
			if keyapi.CodeOf(err) != keyapi.CodeStoreFailed || strings.Contains(err.Error(), "aks_") {
				t.Errorf("got %v", err)
			}
		}
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
			b.api.after = fail(keyapi.CodeOutcomeUnknown)
			_, err := b.act(generate)
			b.wantCode(err, keyapi.CodeOutcomeUnknown)
			b.api.after = nil
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

// TestMetadata_Damaged_DoesNotHideThatTheKeyIsDisabled: what was asked for is done; that must not look like a failure.
func TestMetadata_Damaged_DoesNotHideThatTheKeyIsDisabled(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "kept.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	if err := os.WriteFile(found[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, a := range []keyapi.Action{keyapi.ActionDisable, keyapi.ActionDelete} {
		b.notices = nil
		if out := b.mustAct(custody.Intent{Action: a, Yes: true}); !out.Changed || len(b.notices) != 1 {
			t.Errorf("%s: %+v, told %v", a, out, b.notices)
		}
	}
}

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

package custody_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

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
	overtaken     func() // happens once, after the state was read and before the call
	journal       *[]string
}

func (a *fakeAPI) call(name string, do func() (keyapi.Result, error)) (keyapi.Result, error) {
	*a.journal = append(*a.journal, "call "+name)
	if faster := a.overtaken; faster != nil {
		a.overtaken = nil
		faster()
	}
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

// loses runs an intent whose reply is lost: what became of it is not known.
func (b *bench) loses(in custody.Intent) {
	b.t.Helper()
	b.api.after = fail(keyapi.CodeOutcomeUnknown)
	_, err := b.act(in)
	b.wantCode(err, keyapi.CodeOutcomeUnknown)
	b.api.after = nil
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

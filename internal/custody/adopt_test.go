package custody_test

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// foreignAPI is a service without a key API that accepts one secret.
type foreignAPI struct {
	*foreign.Service
	accepts string
	fails   error
	b       *bench
}

func (a *foreignAPI) Authenticate(_ context.Context, _ string, secret keyapi.Secret) error {
	a.b.journal = append(a.b.journal, "grant")
	if a.fails == nil && secret.Reveal() != a.accepts {
		return fail(keyapi.CodeUnauthenticated)
	}
	return a.fails
}

const anyKey = "Web/4711 ä"

// newForeignBench is a bench at a service without a key API.
func newForeignBench(t *testing.T) (*bench, *foreignAPI) {
	t.Helper()
	b := newBench(t)
	a := &foreignAPI{accepts: "right", b: b, Service: foreign.New(foreign.Options{
		Notes: filepath.Join(b.Dir, "foreign.json"), Account: "registry", Now: func() time.Time { return b.now },
	})}
	b.Service = custody.Service{
		API: a, Instance: "https://registry.example/token", Login: "registry", Place: "https://registry.example/token",
		AnyForm: true, Refuse: foreign.Refuse, Forget: a.Forget,
	}
	return b, a
}

func (a *foreignAPI) adopt(accessKey, secret string) (custody.Outcome, error) {
	return a.b.Adopt(context.Background(), accessKey, keyapi.NewSecret(secret), func() error {
		a.b.journal = append(a.b.journal, "note")
		return a.Note(accessKey, start, foreign.Lifetime(start))
	})
}

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func TestAdopt_TheOrder(t *testing.T) {
	b, a := newForeignBench(t)
	out, err := a.adopt(anyKey, "right")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"grant", "keyring probe", "keyring put", "note"}; !slices.Equal(b.journal, want) {
		t.Errorf("got %q, want %q", b.journal, want)
	}
	if !out.Changed || out.Key.AccessKey != anyKey || out.Kept.AccessKey != anyKey || !out.Key.ExpiresAt.Equal(foreign.Lifetime(start)) {
		t.Errorf("got %+v", out)
	}
	accessKey, secret, err := b.Open(context.Background())
	if err != nil || accessKey != anyKey || secret.Reveal() != "right" {
		t.Errorf("got %q, %q, %v", accessKey, secret.Reveal(), err)
	}
	for slot := range b.keyring.Kept {
		if !regexp.MustCompile(`^[0-9a-z-]{1,40}$`).MatchString(slot.Name) {
			t.Errorf("the slot is named %q", slot.Name)
		}
	}
}

func TestAdopt_NotAccepted_KeepsAndAsksNothing(t *testing.T) {
	for _, code := range []keyapi.Code{keyapi.CodeUnauthenticated, keyapi.CodeKeyDisabled, keyapi.CodeUnreachable} {
		b, a := newForeignBench(t)
		a.fails = fail(code)
		_, err := a.adopt(anyKey, "right")
		b.wantCode(err, code)
		if want := []string{"grant"}; !slices.Equal(b.journal, want) || len(b.keyring.Kept) > 0 {
			t.Errorf("%s: %q, kept %v", code, b.journal, b.keyring.Kept)
		}
	}
}

func TestAdopt_NotKept_IsNotNoted(t *testing.T) {
	b, a := newForeignBench(t)
	b.keyring.Fails["put"] = fail(keyapi.CodeStoreFailed)
	_, err := a.adopt(anyKey, "right")
	b.wantCode(err, keyapi.CodeStoreFailed)
	if k, err := a.Key(context.Background()); err != nil || k.Status != keyapi.StatusNone || slices.Contains(b.journal, "note") {
		t.Errorf("noted %+v, %v", k, err)
	}
	b.Choice = keeping.ChooseNone
	_, err = a.adopt(anyKey, "right")
	b.wantCode(err, keyapi.CodeUsage)
}

func TestAdopt_Again_SaysWhetherAnythingChanged(t *testing.T) {
	b, a := newForeignBench(t)
	step := func(what, accessKey, secret string, want bool) {
		t.Helper()
		a.accepts = secret
		out, err := a.adopt(accessKey, secret)
		if err != nil || out.Changed != want {
			t.Errorf("%s: changed %v, %v", what, out.Changed, err)
		}
		got, kept, err := b.Open(context.Background())
		if err != nil || got != accessKey || kept.Reveal() != secret || len(b.keyring.Kept) != 1 {
			t.Errorf("%s: kept %q, %q, %v, in %d slots", what, got, kept.Reveal(), err, len(b.keyring.Kept))
		}
	}
	step("first", anyKey, "right", true)
	step("the same", anyKey, "right", false)
	g := func(context.Context, string, keyapi.Secret) (custody.Token, error) {
		return custody.Token{AccessToken: keyapi.NewSecret("old"), ExpiresAt: b.now.Add(time.Hour)}, nil
	}
	if _, err := b.Token(context.Background(), false, g); err != nil || len(b.keyring.Kept) != 2 {
		t.Fatalf("%v, %d slots", err, len(b.keyring.Kept))
	}
	step("regenerated, the Access Key stays", anyKey, "new", true) // and the token of the old one is gone
	step("another key", strings.ToLower(anyKey), "new", true)
	step("a key named as a token", "token-"+anyKey, "new", true)
}

func TestAdopt_TheNoteFails_IsToldAndMendedByTheSameCommand(t *testing.T) {
	b, a := newForeignBench(t)
	_, err := b.Adopt(context.Background(), anyKey, keyapi.NewSecret("right"), func() error { return fail(keyapi.CodeStoreFailed) })
	b.wantCode(err, keyapi.CodeStoreFailed)
	if out, err := a.adopt(anyKey, "right"); err != nil || !out.Changed || out.Key.Status != keyapi.StatusActive {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestRefuse_EveryAction_BeforeAnything(t *testing.T) {
	b, a := newForeignBench(t)
	if _, err := a.adopt(anyKey, "right"); err != nil {
		t.Fatal(err)
	}
	b.journal = nil
	for _, action := range []keyapi.Action{
		keyapi.ActionGenerate, keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete,
		keyapi.ActionDeletePrevious,
	} {
		_, err := b.act(custody.Intent{Action: action})
		b.wantCode(err, keyapi.CodeUsage)
		var told *keyapi.Error
		if !errors.As(err, &told) || !strings.Contains(told.Hint, "page") {
			t.Errorf("%s: %v", action, err)
		}
	}
	if len(b.journal) > 0 || b.pending() {
		t.Errorf("did %q", b.journal)
	}
}

func TestForget_DropsTheNotesToo(t *testing.T) {
	b, a := newForeignBench(t)
	if _, err := a.adopt(anyKey, "right"); err != nil {
		t.Fatal(err)
	}
	b.answer = fail(keyapi.CodeCancelled)
	_, err := b.Forget(context.Background(), false)
	b.wantCode(err, keyapi.CodeCancelled)
	if k, err := a.Key(context.Background()); err != nil || k.Status != keyapi.StatusActive || len(b.keyring.Kept) != 1 {
		t.Errorf("after Cancel: %+v, %v", k, err)
	}
	out, err := b.Forget(context.Background(), true)
	if err != nil || !out.Changed || out.Key.Status != keyapi.StatusNone || len(b.keyring.Kept) != 0 {
		t.Errorf("got %+v, %v, kept %v", out, err, b.keyring.Kept)
	}
	if out, err := b.Forget(context.Background(), true); err != nil || out.Changed {
		t.Errorf("a second time: %+v, %v", out, err)
	}
	if err := a.Note(anyKey, start, foreign.Lifetime(start)); err != nil { // its secret is gone some other way
		t.Fatal(err)
	}
	if out, err := b.Forget(context.Background(), true); err != nil || !out.Changed || out.Key.Status != keyapi.StatusNone {
		t.Errorf("notes alone: %+v, %v", out, err)
	}
	_, _, err = b.Open(context.Background())
	b.wantCode(err, keyapi.CodeNoSecret)
}

package accounts_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestAuthenticate_WhatIsNoToken(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, _ := w.signIn("ada", "")
	text := token.Reveal()
	stranger, err := keyapi.NewSessionToken(zeros{})
	w.must(err)
	for name, wrong := range map[string]string{
		"none": "", "short": text[:52], "mistyped": text[:10] + "00" + text[12:], "unknown": stranger.Reveal(), "with a blank": text + " ",
	} {
		if _, err := w.Authenticate(ctx, secret(wrong)); keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAuthenticate_APersonsSessionEnds(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	used, _ := w.signIn("ada", "")
	idle, _ := w.signIn("ada", "")
	fresh, _, _, err := w.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password)}, home) // never used
	w.must(err)
	start := w.now()
	for w.now().Before(start.Add(30 * 24 * time.Hour)) {
		w.principal(used)
		w.wait(3 * 24 * time.Hour)
		if age := w.now().Sub(start); age == 6*24*time.Hour {
			w.principal(idle)
		}
	}
	for name, token := range map[string]keyapi.Secret{"after 30 days": used, "after a week of rest": idle, "never used": fresh} {
		if _, err := w.Authenticate(ctx, token); keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuthenticate_IdleToTheInstant(t *testing.T) {
	for rest, want := range map[time.Duration]keyapi.Code{
		7*24*time.Hour - time.Microsecond: "", 7 * 24 * time.Hour: keyapi.CodeUnauthenticated,
	} {
		w := newWorld(t)
		w.add("ada")
		token, _ := w.signIn("ada", "")
		w.wait(rest)
		_, err := w.Authenticate(ctx, token)
		w.want(err, want)
	}
}

// TestAuthenticate_ReadsEveryTime: what another replica does counts at the next request.
func TestAuthenticate_ReadsEveryTime(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, p := w.signIn("ada", "")
	other := w.replica()
	w.must(other.Revoke(ctx, "ada"))
	if p.Account.Permitted == w.principal(token).Account.Permitted {
		t.Error("the permission is what it was")
	}
	w.must(other.Lock(ctx, "ada"))
	_, err := w.Authenticate(ctx, token)
	w.want(err, keyapi.CodeUnauthenticated)
	w.must(other.Unlock(ctx, "ada"))
	_, err = w.Authenticate(ctx, token) // the session has ended for good
	w.want(err, keyapi.CodeUnauthenticated)
}

func TestAuthenticate_Locked_WhateverSessionsThereAre(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, p := w.signIn("ada", "")
	p.Account.Locked = true
	w.must(w.db.Write(ctx, func(writer store.Writer) error { return writer.PutAccount(p.Account) }))
	_, err := w.Authenticate(ctx, token)
	w.want(err, keyapi.CodeUnauthenticated)
}

// TestAuthenticate_WhatHappensMeanwhile_IsNotUndone: noting that a session was used must not bring back how it was.
func TestAuthenticate_WhatHappensMeanwhile_IsNotUndone(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.wait(time.Hour)
	w.db.meanwhile = func() {
		if _, err := w.Verify(ctx, ada.Principal, secret(w.code(ada.seed)), keyapi.Secret{}); err != nil {
			t.Error(err)
		}
	}
	if p := w.principal(ada.token); !p.Verified {
		t.Error("the session is not verified")
	}
	w.wait(time.Minute)
	if p := w.principal(ada.token); !p.Verified {
		t.Error("the session is not verified any more")
	}
	w.wait(time.Minute)
	w.db.meanwhile = func() { w.must(w.SignOut(ctx, ada.Principal)) }
	_, err := w.Authenticate(ctx, ada.token)
	w.want(err, keyapi.CodeUnauthenticated)
}

func TestAuthenticate_SeenIsWrittenOnceAMinute(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, _ := w.signIn("ada", "")
	first := w.now()
	for _, step := range []struct{ after, want time.Duration }{
		{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}, {time.Second, time.Minute},
	} {
		w.wait(step.after)
		p := w.principal(token)
		var stored store.Session
		w.must(w.db.Read(ctx, func(r store.Reader) (err error) {
			stored, err = r.Session(p.Session.Hash)
			return err
		}))
		if got := stored.SeenAt.Sub(first); got != step.want || !p.Session.SeenAt.Equal(stored.SeenAt) {
			t.Errorf("%v later: seen %v after the first, want %v; told %v", w.now().Sub(first), got, step.want, p.Session.SeenAt)
		}
	}
}

func TestPrincipal_Allows(t *testing.T) {
	verbs := []string{
		"status", "generate", "disable", "activate", "regenerate", "delete", "history", "recover", "delete-previous", "sessions", "",
	}
	for allow, want := range map[string]map[string]bool{
		"status":     {"status": true},
		"generate":   {"status": true, "generate": true, "recover": true},
		"regenerate": {"status": true, "regenerate": true, "recover": true},
		"delete":     {"status": true, "delete": true, "delete-previous": true},
		"history":    {"status": true, "history": true},
	} {
		w := newWorld(t)
		ada := w.enroll("ada")
		token, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", []string{allow}, time.Hour, home)
		w.must(err)
		p := w.principal(token)
		for _, verb := range verbs {
			if got := p.Allows(verb); got != want[verb] {
				t.Errorf("allowed %s: %q is %v", allow, verb, got)
			}
			if !ada.Allows(verb) {
				t.Errorf("a person may not %q", verb)
			}
		}
		if p.Actor() != "ada/ci" || !p.Pipeline() || !p.Verified || p.RequireVerified() != nil {
			t.Errorf("principal %+v", p)
		}
		w.wait(20 * 24 * time.Hour)
	}
}

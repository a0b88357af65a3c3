package accounts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestPipelineSession_IsMade(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	token, session, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", []string{"regenerate", "generate", "regenerate"}, 36*time.Hour, away)
	w.must(err)
	if session.Name != "ci" || !slices.Equal(session.Allow, []string{"status", "generate", "regenerate"}) ||
		!session.ExpiresAt.Equal(w.now().Add(36*time.Hour)) || session.From != away.Address || session.UserAgent != away.UserAgent {
		t.Errorf("session %+v", session)
	}
	w.wantEvent("ada", keyapi.ActionSessionCreate, "ada", away)
	if n := len(w.told(notice.PipelineSession)); n != 1 {
		t.Errorf("%d notices", n)
	}
	w.wait(36*time.Hour - time.Second)
	if p := w.principal(token); p.Session.ID != session.ID {
		t.Errorf("principal %+v", p)
	}
	w.wait(time.Second)
	_, err = w.Authenticate(ctx, token)
	w.want(err, keyapi.CodeUnauthenticated)
}

// TestPipelineSession_MayRest: some pipelines run once a quarter.
func TestPipelineSession_MayRest(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	token, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, 365*24*time.Hour, home)
	w.must(err)
	w.wait(364 * 24 * time.Hour)
	if p := w.principal(token); !slices.Equal(p.Session.Allow, []string{"status"}) {
		t.Errorf("allowed %v", p.Session.Allow)
	}
}

func TestPipelineSession_WhatIsRefused(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	for name, try := range map[string]struct {
		name  string
		allow []string
		ttl   time.Duration
	}{
		"no name":      {"", nil, time.Hour},
		"capitals":     {"CI", nil, time.Hour},
		"a slash":      {"a/b", nil, time.Hour},
		"a long name":  {strings.Repeat("a", 33), nil, time.Hour},
		"unknown verb": {"ci", []string{"status", "mfa"}, time.Hour},
		"recover":      {"ci", []string{"recover"}, time.Hour},
		"empty verb":   {"ci", []string{""}, time.Hour},
		"no time":      {"ci", nil, 0},
		"back in time": {"ci", nil, -time.Hour},
		"over a year":  {"ci", nil, 365*24*time.Hour + time.Second},
	} {
		if _, _, err := w.CreatePipelineSession(ctx, ada.Principal, try.name, try.allow, try.ttl, home); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	sessions, err := w.Sessions(ctx, ada.Principal, true)
	if err != nil || len(sessions) != 0 {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
}

func TestPipelineSession_NameIsTakenWhileItRuns(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.enroll("ada"), w.enroll("bob")
	create := func(p accounts.Principal) error {
		_, _, err := w.CreatePipelineSession(ctx, p, "ci", nil, time.Minute, home)
		return err
	}
	w.want(create(ada.Principal), "")
	w.want(create(ada.Principal), keyapi.CodeInvalidRequest)
	w.want(create(bob.Principal), "")
	w.wait(time.Minute)
	w.want(create(ada.Principal), "")
	if sessions, err := w.Sessions(ctx, ada.Principal, true); err != nil || len(sessions) != 1 {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
}

func TestPipelineSession_NeedsAFreshCode(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.add("bob")
	bobs, _ := w.signIn("bob", "")
	w.wait(15 * time.Minute)
	_, _, err := w.CreatePipelineSession(ctx, w.principal(ada.token), "ci", nil, time.Hour, home)
	w.want(err, keyapi.CodeOTPRequired)
	_, _, err = w.CreatePipelineSession(ctx, w.principal(bobs), "ci", nil, time.Hour, home)
	w.want(err, keyapi.CodeUnauthenticated)
	// What a caller says of itself does not count, what the database says does.
	lie := w.principal(ada.token)
	lie.Verified = true
	_, _, err = w.CreatePipelineSession(ctx, lie, "ci", nil, time.Hour, home)
	w.want(err, keyapi.CodeOTPRequired)
}

// TestPipelineSession_FromBeforeMFA_IsNotVerified: who had the password alone could make one, and must not come by a key
// once its person has MFA.
func TestPipelineSession_FromBeforeMFA_IsNotVerified(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	token, p := w.signIn("ada", "")
	before, _, err := w.CreatePipelineSession(ctx, p, "before", []string{"generate"}, time.Hour, away)
	w.must(err)
	if !w.principal(before).Verified {
		t.Error("it has the password behind it, and the account has nothing else")
	}
	seed, _, err := w.BeginMFA(ctx, p)
	w.must(err)
	_, err = w.ConfirmMFA(ctx, p, secret(w.code(seed.Reveal())), home)
	w.must(err)
	after, _, err := w.CreatePipelineSession(ctx, w.principal(token), "after", []string{"generate"}, time.Hour, home)
	w.must(err)
	for range 2 { // the second time after it was noted that they were used
		if w.principal(before).Verified || !w.principal(after).Verified {
			t.Errorf("before MFA: verified %v, with it: %v", w.principal(before).Verified, w.principal(after).Verified)
		}
		w.wait(20 * time.Minute)
	}
}

// TestPipelineSession_MayNothingOfAPerson: key verbs only.
func TestPipelineSession_MayNothingOfAPerson(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	all := []string{"status", "generate", "disable", "activate", "regenerate", "delete", "history"}
	token, session, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", all, time.Hour, home)
	w.must(err)
	p := w.principal(token)
	for name, do := range map[string]func() error{
		"sessions": func() error { _, err := w.Sessions(ctx, p, false); return err },
		"create":   func() error { _, _, err := w.CreatePipelineSession(ctx, p, "more", nil, time.Hour, home); return err },
		"revoke":   func() error { return w.RevokeSession(ctx, p, session.ID) },
		"verify":   func() error { _, err := w.Verify(ctx, p, secret(w.code(ada.seed)), keyapi.Secret{}); return err },
		"begin":    func() error { _, _, err := w.BeginMFA(ctx, p); return err },
		"confirm":  func() error { _, err := w.ConfirmMFA(ctx, p, secret(w.code(ada.seed)), home); return err },
		"codes":    func() error { _, err := w.NewRecoveryCodes(ctx, p, home); return err },
		"disable":  func() error { return w.DisableMFA(ctx, p, secret(password), secret(w.code(ada.seed)), home) },
	} {
		if err := do(); keyapi.CodeOf(err) != keyapi.CodeNotPermitted {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, left, err := w.Account(ctx, p); err != nil || a.Login != "ada" || left != 10 {
		t.Errorf("account %+v, %d, %v", a, left, err)
	}
	w.must(w.SignOut(ctx, p))
	_, err = w.Authenticate(ctx, token)
	w.want(err, keyapi.CodeUnauthenticated)
}

func TestSessions_AreThoseThatRun(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.add("bob")
	w.signIn("bob", "")
	_, pipeline, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
	w.must(err)
	_, _, err = w.CreatePipelineSession(ctx, ada.Principal, "short", nil, time.Second, home)
	w.must(err)
	w.wait(time.Minute)
	_, second := w.signIn("ada", w.code(ada.seed))
	for only, want := range map[bool][]string{false: {second.Session.ID, pipeline.ID, ada.Session.ID}, true: {pipeline.ID}} {
		sessions, err := w.Sessions(ctx, ada.Principal, only)
		w.must(err)
		var got []string
		for _, s := range sessions {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pipelines only %v: %q, want %q", only, got, want)
		}
	}
}

// TestSessions_OfAPerson_AreBounded: the hundred that were used last run, and those of pipelines and of others do not
// count.
func TestSessions_OfAPerson_AreBounded(t *testing.T) {
	w := newWorld(t)
	w.add("ada", "bob")
	first, p := w.signIn("ada", "")
	bobs, _ := w.signIn("bob", "")
	pipeline, _, err := w.CreatePipelineSession(ctx, p, "ci", nil, time.Hour, home)
	w.must(err)
	unused, _ := w.signIn("ada", "")
	w.wait(time.Minute)
	for range 98 {
		w.must(w.try("ada", password, "", home))
	}
	w.principal(first)
	newest, _ := w.signIn("ada", "")
	_, err = w.Authenticate(ctx, unused)
	w.want(err, keyapi.CodeUnauthenticated)
	for _, token := range []keyapi.Secret{first, newest, pipeline, bobs} {
		w.principal(token)
	}
	if n := w.rows("ada"); n != 101 {
		t.Errorf("%d sessions are stored, want 101", n)
	}
}

// TestPipelineSessions_AreBounded: one too many is refused, until another one has ended. What has ended leaves no row.
func TestPipelineSessions_AreBounded(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	_, p := w.signIn("ada", "")
	create := func(name string, ttl time.Duration) error {
		_, _, err := w.CreatePipelineSession(ctx, p, name, nil, ttl, home)
		return err
	}
	w.must(create("short", time.Second))
	for n := range 99 {
		w.must(create(fmt.Sprint("ci-", n), time.Hour))
	}
	w.want(create("more", time.Hour), keyapi.CodeInvalidRequest)
	w.must(w.try("ada", password, "", home)) // those of a person are not counted with them
	w.wait(time.Second)
	w.want(create("more", time.Hour), "")
	w.want(create("even-more", time.Hour), keyapi.CodeInvalidRequest)
	if n := w.rows("ada"); n != 102 {
		t.Errorf("%d sessions are stored, want 102", n)
	}
}

func TestRevokeSession(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.enroll("ada"), w.enroll("bob")
	token, pipeline, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
	w.must(err)
	for _, id := range []string{"", "absent", bob.Session.ID} {
		err := w.RevokeSession(ctx, ada.Principal, id)
		w.want(err, keyapi.CodeInvalidRequest)
		if err.Error() != "There is no such session" {
			t.Errorf("%q: %v", id, err)
		}
	}
	w.wait(time.Hour / 2) // taking away needs no fresh code
	p := w.principal(ada.token)
	p.Origin = away
	w.must(w.RevokeSession(ctx, p, pipeline.ID))
	w.wantEvent("ada", keyapi.ActionSessionRevoke, "ada", away)
	_, err = w.Authenticate(ctx, token)
	w.want(err, keyapi.CodeUnauthenticated)
	w.principal(bob.token)
	w.must(w.RevokeSession(ctx, p, p.Session.ID)) // one's own too
	_, err = w.Authenticate(ctx, ada.token)
	w.want(err, keyapi.CodeUnauthenticated)
}

func TestSignOut_TwiceIsNoError(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	other, _ := w.signIn("ada", w.code(ada.seed))
	for range 2 {
		w.must(w.SignOut(ctx, ada.Principal))
	}
	_, err := w.Authenticate(ctx, ada.token)
	w.want(err, keyapi.CodeUnauthenticated)
	w.principal(other)
}

// TestLostSession_MakesNothingAnyMore: a request that was let in before its session was ended must not outlive it.
func TestLostSession_MakesNothingAnyMore(t *testing.T) {
	for name, end := range map[string]func(w *world) error{
		"password": func(w *world) error { return w.SetPassword(ctx, "ada", secret("another long password")) },
		"lock":     func(w *world) error { return w.Lock(ctx, "ada") },
		"removed":  func(w *world) error { return w.Remove(ctx, "ada") },
	} {
		w := newWorld(t)
		ada := w.enroll("ada")
		w.must(end(w))
		for what, do := range map[string]func() error{
			"create": func() error {
				_, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
				return err
			},
			"codes": func() error { _, err := w.NewRecoveryCodes(ctx, ada.Principal, home); return err },
			"begin": func() error { _, _, err := w.BeginMFA(ctx, ada.Principal); return err },
			"verify": func() error {
				_, err := w.Verify(ctx, ada.Principal, secret(w.code(ada.seed)), keyapi.Secret{})
				return err
			},
			"revoke": func() error { return w.RevokeSession(ctx, ada.Principal, ada.Session.ID) },
			"disable": func() error {
				return w.DisableMFA(ctx, ada.Principal, secret(password), secret(w.code(ada.seed)), home)
			},
		} {
			if err := do(); keyapi.CodeOf(err) != keyapi.CodeUnauthenticated {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

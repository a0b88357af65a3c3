// Package keyapitest is the behaviour suite of the key API: what every implementation of keyapi.API does, told as the
// page tells it. The embedded service passes it, and so does the client against a server.
package keyapitest

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Subject is a fresh account on an implementation, with the clock its service runs by. What was done to the account
// before (it was added, its person set up an authenticator) may have moved its revision and be in its audit trail.
type Subject struct {
	API     keyapi.API
	Login   string
	Advance func(time.Duration)
}

// Run runs the suite. open gives a Subject whose account has no key and may have one.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	tests := []struct {
		name string
		run  func(t *testing.T, s subject)
	}{
		{"ANewAccount_HasNoKey", aNewAccountHasNoKey},
		{"Generate_MakesAnActiveKeyForOneYear", generateMakesAnActiveKey},
		{"Generate_WithAKey_IsRefused", generateTwice},
		{"Disable_Activate_MoveTheSlider", slider},
		{"Regenerate_EndsTheOldKeyAtOnce", regenerate},
		{"Regenerate_WithGrace_LetsTheOldSecretWorkOn", grace},
		{"Regenerate_Again_EndsTheOlderKey", graceTwice},
		{"Delete_ResetsToGenerateNewKey", deleteKey},
		{"DeletePrevious_EndsTheGrace", deletePrevious},
		{"Expired_OnlyRegenerateAndDelete", expired},
		{"Actions_WithoutAKey_AreRefused", withoutAKey},
		{"IfMatch_AnotherRevision_ChangesNothing", ifMatch},
		{"IdempotencyKey_SameRequest_SameResult", replay},
		{"IdempotencyKey_OtherRequest_IsRefused", mismatch},
		{"IdempotencyKey_Missing_IsRefused", missingKey},
		{"IdempotencyKey_AfterTheKeyIsGone_IsSuperseded", superseded},
		{"Recover_GivesTheReplyAndExecutesNothing", recoverReply},
		{"Recover_NothingDone_AndALateRequestIsRefused", recoverNothing},
		{"Recover_AfterADay_IsForgotten", recoverTooLate},
		{"Grace_OutOfRange_IsRefused", graceRange},
		{"Events_TellEveryChangeNewestFirst", events},
		{"Events_ArePaged", eventPages},
		{"Authenticate_UnknownAndWrongAreTheSame", authenticate},
		{"Generate_ManyAtOnce_OneWins", concurrentGenerate},
		{"Regenerate_ManyAtOnce_LosesNoUpdate", concurrentRegenerate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := subject{Subject: open(t), t: t}
			s.start = s.key().Revision
			test.run(t, s)
		})
	}
}

// subject adds to a Subject what reads well in a test.
type subject struct {
	Subject
	t     *testing.T
	start int64 // the revision at which the test begins
}

func (s subject) key() keyapi.Key {
	s.t.Helper()
	k, err := s.API.Key(context.Background())
	if err != nil {
		s.t.Fatalf("Key: %v", err)
	}
	return k
}

func newKey(t *testing.T) keyapi.IdempotencyKey {
	t.Helper()
	k, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type call func(keyapi.API, context.Context, keyapi.Change) (keyapi.Result, error)

// do calls an action under a fresh Idempotency-Key and expects it to succeed.
func (s subject) do(c call, change keyapi.Change) keyapi.Result {
	s.t.Helper()
	if change.IdempotencyKey.IsZero() {
		change.IdempotencyKey = newKey(s.t)
	}
	r, err := c(s.API, context.Background(), change)
	if err != nil {
		s.t.Fatalf("unexpected refusal: %v (%s)", err, keyapi.CodeOf(err))
	}
	return r
}

// refused calls an action and expects a code; the key must be as before.
func (s subject) refused(c call, change keyapi.Change, want keyapi.Code) {
	s.t.Helper()
	before := s.key()
	if change.IdempotencyKey.IsZero() {
		change.IdempotencyKey = newKey(s.t)
	}
	r, err := c(s.API, context.Background(), change)
	if keyapi.CodeOf(err) != want {
		s.t.Fatalf("got %q (%v), want %q", keyapi.CodeOf(err), err, want)
	}
	if !r.AccessSecret.IsZero() {
		s.t.Error("a refusal gave a secret")
	}
	if after := s.key(); after.Revision != before.Revision || after.AccessKey != before.AccessKey || after.Status != before.Status {
		s.t.Errorf("a refusal changed the key: %+v, before %+v", after, before)
	}
}

func (s subject) accepts(accessKey string, secret keyapi.Secret, want keyapi.Code) {
	s.t.Helper()
	if err := s.API.Authenticate(context.Background(), accessKey, secret); keyapi.CodeOf(err) != want {
		s.t.Errorf("Authenticate(%s): got %q (%v), want %q", accessKey, keyapi.CodeOf(err), err, want)
	}
}

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

func graceRange(_ *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	for _, d := range []time.Duration{-time.Second, keyapi.MaxGrace + time.Second, time.Millisecond} {
		s.refused(keyapi.API.Regenerate, keyapi.Change{Grace: d}, keyapi.CodeInvalidRequest)
	}
	s.refused(keyapi.API.Disable, keyapi.Change{Grace: time.Hour}, keyapi.CodeInvalidRequest)
	s.do(keyapi.API.Regenerate, keyapi.Change{Grace: keyapi.MaxGrace})
}

func events(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{UserAgent: "suite/1"})
	s.do(keyapi.API.Disable, keyapi.Change{})
	s.do(keyapi.API.Disable, keyapi.Change{}) // no change: no event
	s.refused(keyapi.API.Generate, keyapi.Change{}, keyapi.CodeKeyExists)
	s.do(keyapi.API.Delete, keyapi.Change{})
	page, err := s.API.Events(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []keyapi.Action{keyapi.ActionDelete, keyapi.ActionDisable, keyapi.ActionGenerate}
	items := s.since(page.Items)
	if len(items) != len(want) || page.NextCursor != "" {
		t.Fatalf("got %+v", page)
	}
	for i, e := range items {
		if e.Action != want[i] || e.AccessKey != made.Key.AccessKey || e.Actor != s.Login ||
			e.Revision != s.start+int64(3-i) || e.At.IsZero() {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if items[2].UserAgent != "suite/1" {
		t.Errorf("user agent %q", items[2].UserAgent)
	}
}

// since leaves out the events of what was done before the test.
func (s subject) since(events []keyapi.Event) []keyapi.Event {
	return slices.DeleteFunc(events, func(e keyapi.Event) bool { return e.Revision <= s.start })
}

func eventPages(t *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	for range 60 {
		s.do(keyapi.API.Disable, keyapi.Change{})
		s.do(keyapi.API.Activate, keyapi.Change{})
	}
	revision, cursor, pages := s.start+121, "", 0
	for {
		page, err := s.API.Events(context.Background(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range s.since(page.Items) {
			if e.Revision != revision {
				t.Fatalf("revision %d, want %d", e.Revision, revision)
			}
			revision--
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if revision != s.start || pages < 2 {
		t.Errorf("ended at revision %d after %d pages", revision, pages)
	}
	for _, wrong := range []string{"x", "-1", "0", "1.5"} {
		if _, err := s.API.Events(context.Background(), wrong); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("cursor %q: %v", wrong, err)
		}
	}
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

func concurrentGenerate(t *testing.T, s subject) {
	codes := concurrently(t, 20, func() error {
		_, err := s.API.Generate(context.Background(), keyapi.Change{IdempotencyKey: newKey(t)})
		return err
	})
	if codes[""] != 1 || codes[keyapi.CodeKeyExists] != 19 {
		t.Errorf("got %v", codes)
	}
}

func concurrentRegenerate(t *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	codes := concurrently(t, 20, func() error {
		_, err := s.API.Regenerate(context.Background(), keyapi.Change{IdempotencyKey: newKey(t)})
		return err
	})
	if k := s.key(); codes[""] != 20 || k.Revision != s.start+21 {
		t.Errorf("got %v and revision %d", codes, k.Revision)
	}
}

// concurrently runs fn n times at once and counts the codes.
func concurrently(t *testing.T, n int, fn func() error) map[keyapi.Code]int {
	t.Helper()
	codes := map[keyapi.Code]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			code := keyapi.CodeOf(fn())
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	wg.Wait()
	return codes
}

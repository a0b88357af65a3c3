// Package keyapitest is the behaviour suite of the key API: what every implementation of keyapi.API does, told as the
// page tells it. The embedded service passes it, and so does the client against a server.
package keyapitest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

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

package keyservice_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// count gives how many idempotency records an account has.
func (s *service) count(login string) (count int) {
	s.t.Helper()
	err := s.db.Read(context.Background(), func(r store.Reader) (err error) {
		count, err = r.CountReplies(login)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return count
}

// fill adds idempotency records to an account.
func (s *service) fill(login string, count int) {
	s.t.Helper()
	err := s.db.Write(context.Background(), func(w store.Writer) error {
		for n := range count {
			hash := binary.BigEndian.AppendUint64(nil, uint64(n))
			if err := w.PutReply(store.Reply{Hash: hash, Login: login, At: s.now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestReplies_OfAPipeline_LeaveRoomForThePerson: a pipeline that runs wild, or who stole its session, keeps the person from
// nothing.
func TestReplies_OfAPipeline_LeaveRoomForThePerson(t *testing.T) {
	s := newService(t, withMFA)
	s.account("ada", true, true)
	pipeline := keyservice.Actor{Name: "ada/ci", Verified: true, Pipeline: true}
	_, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	s.fill("ada", 8998)
	_, err = s.Recover(context.Background(), "ada", pipeline, s.newKey())
	s.want(err, keyapi.CodeNotExecuted)
	_, err = s.Recover(context.Background(), "ada", pipeline, s.newKey())
	s.want(err, keyapi.CodeRateLimited)
	_, err = s.Act(context.Background(), "ada", pipeline, keyapi.ActionRegenerate, keyapi.Change{IdempotencyKey: s.newKey()})
	s.want(err, keyapi.CodeRateLimited)
	_, err = s.Act(context.Background(), "ada", pipeline, keyapi.ActionDisable, keyapi.Change{IdempotencyKey: s.newKey()})
	s.want(err, "")
	_, err = s.act("ada", keyapi.ActionRegenerate, keyapi.Change{})
	s.want(err, "")
	_, err = s.Recover(context.Background(), "ada", keyservice.Actor{Name: "ada"}, s.newKey())
	s.want(err, keyapi.CodeNotExecuted)
}

// TestReplies_OfOneAccount_AreBounded: whoever sends ever new Idempotency-Keys fills no database; what takes something away
// is open all the same, and so is everything to others.
func TestReplies_OfOneAccount_AreBounded(t *testing.T) {
	const most = 10_000
	s := newService(t, withMFA)
	s.account("ada", true, true)
	s.account("bob", true, true)
	made := s.newKey()
	first, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{IdempotencyKey: made})
	s.want(err, "")
	s.fill("ada", most-2)
	given := s.newKey()
	for range 2 { // the second finds the record of the first
		_, err = s.Recover(context.Background(), "ada", keyservice.Actor{}, given)
		s.want(err, keyapi.CodeNotExecuted)
	}
	before := s.count("ada")
	_, err = s.Recover(context.Background(), "ada", keyservice.Actor{}, s.newKey())
	s.want(err, keyapi.CodeRateLimited)
	again, err := s.Recover(context.Background(), "ada", keyservice.Actor{}, made)
	s.want(err, "")
	if again.AccessSecret.Reveal() != first.AccessSecret.Reveal() {
		t.Error("what was kept before is another secret")
	}
	_, err = s.act("ada", keyapi.ActionRegenerate, keyapi.Change{})
	s.want(err, keyapi.CodeRateLimited)
	s.want(s.authenticate(first.Key.AccessKey, first.AccessSecret), "") // the refused one left everything as it was
	_, err = s.act("ada", keyapi.ActionDisable, keyapi.Change{})
	s.want(err, "")
	_, err = s.act("ada", keyapi.ActionActivate, keyapi.Change{})
	s.want(err, keyapi.CodeRateLimited)
	_, err = s.act("ada", keyapi.ActionDelete, keyapi.Change{})
	s.want(err, "")
	if after := s.count("ada"); before != most || after != most {
		t.Errorf("%d records, then %d; want %d", before, after, most)
	}
	_, err = s.act("bob", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	s.now = s.now.Add(keyapi.RecoverableFor + time.Second)
	_, err = s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	if left := s.count("ada"); left != 1 {
		t.Errorf("a day later there are %d records, want 1", left)
	}
}

// TestReplies_ChangesWithoutAnIdempotencyKey_AreCountedToo: each leaves a line in the audit trail for good, and who could
// disable and activate a key without end would fill the disk.
func TestReplies_ChangesWithoutAnIdempotencyKey_AreCountedToo(t *testing.T) {
	s := newService(t, withMFA)
	s.account("ada", true, true)
	_, err := s.act("ada", keyapi.ActionGenerate, keyapi.Change{})
	s.want(err, "")
	do := func(a keyapi.Action) error {
		_, err := s.Act(context.Background(), "ada", keyservice.Actor{Name: "ada", Verified: true}, a, keyapi.Change{})
		return err
	}
	s.fill("ada", 9997)
	for range 2 {
		s.want(do(keyapi.ActionDisable), "")
		s.want(do(keyapi.ActionActivate), "")
	}
	s.want(do(keyapi.ActionDisable), "")
	s.want(do(keyapi.ActionActivate), keyapi.CodeRateLimited)
	if n := s.count("ada"); n != 10_000 {
		t.Errorf("%d records", n)
	}
	s.want(do(keyapi.ActionDelete), "")
}

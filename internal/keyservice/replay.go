package keyservice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// request is what makes two requests the same one.
type request struct {
	login  string
	action keyapi.Action
	grace  time.Duration
	key    keyapi.IdempotencyKey
}

// fingerprint names the request's content. The revision of If-Match is no part of it: a repetition meets a revision that
// the first try has moved.
func (r request) fingerprint() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", r.action, int64(r.grace/time.Second)))
	return sum[:]
}

// hashKey gives what is stored of an Idempotency-Key. It has 130 random bits: a plain hash cannot be searched.
func hashKey(k keyapi.IdempotencyKey) []byte {
	sum := sha256.Sum256([]byte(k.Reveal()))
	return sum[:]
}

// replyJSON is the plain text of a sealed reply.
type replyJSON struct {
	Key     keyapi.Key `json:"key"`
	Changed bool       `json:"changed"`
	Secret  string     `json:"accessSecret,omitempty"`
}

// keptReplies is how many idempotency records an account may have: so many requests under Idempotency-Keys of its own may
// be answered, or given up, within RecoverableFor. No program comes near it that does not mean to fill the database. The
// last of them are for the person alone: who ends a pipeline that runs wild, or whose session was stolen, must be able to
// make another key at once. The records of such a pipeline can't be let go of for that: a request is made only once.
const (
	keptReplies   = 10_000
	keptForPerson = 1_000
)

// tooManyKept is the error of a request whose record would be one too many. When there is room again, who fills it knows
// best.
func tooManyKept() error {
	const wait = time.Hour
	return &keyapi.Error{
		Code: keyapi.CodeRateLimited, Message: "There were too many requests for this account within a day",
		Hint: "Wait an hour and try again.", RetryAfter: wait,
	}
}

// roomForReply lets go of what is too old, and tells whether an account may have one more record of an actor.
func (s *Service) roomForReply(w store.Writer, login string, actor Actor, now time.Time) (bool, error) {
	if err := w.PurgeReplies(now.Add(-keyapi.RecoverableFor)); err != nil {
		return false, err
	}
	room := keptReplies
	if actor.Pipeline {
		room -= keptForPerson
	}
	count, err := w.CountReplies(login)
	return count < room, err
}

// keepReply stores the reply of a change under its Idempotency-Key. Where there is no room the change is refused, with
// CodeRateLimited, unless it takes something away: then the reply is not kept. No more can be taken away than was given.
// A change without an Idempotency-Key takes a place too, under a hash that nobody knows anything of: each writes a line of
// the audit trail, which stays.
func (s *Service) keepReply(w store.Writer, actor Actor, r request, result keyapi.Result, now time.Time) error {
	room, err := s.roomForReply(w, r.login, actor, now)
	if err != nil || takesAway(r.action) && (!room || r.key.IsZero()) {
		return err
	}
	if !room {
		return tooManyKept()
	}
	if r.key.IsZero() {
		return s.takePlace(w, r.login, now)
	}
	plain, err := json.Marshal(replyJSON{Key: result.Key, Changed: result.Changed, Secret: result.AccessSecret.Reveal()})
	if err != nil {
		return err
	}
	reply := store.Reply{Hash: hashKey(r.key), Login: r.login, Fingerprint: r.fingerprint(), At: now}
	if makesSecret(r.action) {
		reply.AccessKey = result.Key.AccessKey
	}
	reply.Sealed, err = s.seals.seal(plain, r.key, reply)
	if err != nil {
		return err
	}
	return w.PutReply(reply)
}

// takePlace adds an idempotency record that no request will match.
func (s *Service) takePlace(w store.Writer, login string, now time.Time) error {
	hash := make([]byte, sha256.Size)
	if _, err := io.ReadFull(s.random, hash); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	return w.PutReply(store.Reply{Hash: hash, Login: login, At: now})
}

// replay looks for the kept reply of a request.
func (s *Service) replay(r store.Reader, req request) (result keyapi.Result, found bool, err error) {
	if req.key.IsZero() {
		return result, false, nil
	}
	reply, err := s.reply(r, req.key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return result, false, nil
	case err != nil:
		return result, false, err
	case reply.Login != req.login,
		len(reply.Fingerprint) > 0 && !bytes.Equal(reply.Fingerprint, req.fingerprint()):
		return result, false, keyapi.Errorf(keyapi.CodeIdempotencyMismatch,
			"This Idempotency-Key was used for another request", "Send a fresh one with every new request.")
	}
	result, err = s.unseal(reply, req.key)
	return result, true, err
}

// reply gives the record of an Idempotency-Key, unless it is past its time.
func (s *Service) reply(r store.Reader, key keyapi.IdempotencyKey) (store.Reply, error) {
	reply, err := r.Reply(hashKey(key))
	if err == nil && reply.At.Before(s.now().Add(-keyapi.RecoverableFor)) {
		return store.Reply{}, store.ErrNotFound
	}
	return reply, err
}

func (s *Service) unseal(reply store.Reply, key keyapi.IdempotencyKey) (keyapi.Result, error) {
	if reply.Sealed == nil {
		return keyapi.Result{}, keyapi.Errorf(keyapi.CodeSuperseded,
			"The key made by this request has been replaced or deleted since", "")
	}
	plain, err := s.seals.open(reply.Sealed, key, reply)
	if err != nil {
		return keyapi.Result{}, err
	}
	var kept replyJSON
	if err := json.Unmarshal(plain, &kept); err != nil {
		return keyapi.Result{}, err
	}
	return keyapi.Result{Key: kept.Key, Changed: kept.Changed, AccessSecret: keyapi.NewSecret(kept.Secret)}, nil
}

// Recover gives the kept reply of a generate or regenerate and executes nothing. If there is none it leaves a tombstone
// under the Idempotency-Key before it says CodeNotExecuted: a request that was on its way all the time, and arrives
// after its sender has gone on, must not make a key whose secret nobody waits for. Error: also CodeRateLimited, where
// there is no room for one.
func (s *Service) Recover(ctx context.Context, login string, actor Actor, key keyapi.IdempotencyKey) (keyapi.Result, error) {
	notExecuted := keyapi.Errorf(keyapi.CodeNotExecuted, "Nothing was done under this Idempotency-Key", "")
	var result keyapi.Result
	var outcome error // of the recovery; an error from fn itself would take the tombstone back
	err := s.db.Write(ctx, func(w store.Writer) error {
		result, outcome = keyapi.Result{}, nil
		reply, err := s.reply(w, key)
		switch {
		case errors.Is(err, store.ErrNotFound):
			outcome = notExecuted
			room, err := s.roomForReply(w, login, actor, s.now())
			if err != nil {
				return err
			}
			if !room {
				return tooManyKept()
			}
			return w.PutReply(store.Reply{Hash: hashKey(key), Login: login, At: s.now()})
		case err != nil:
			return err
		case reply.Login != login, len(reply.Fingerprint) == 0:
			outcome = notExecuted
			return nil
		}
		result, outcome = s.unseal(reply, key)
		return nil
	})
	if err != nil {
		return keyapi.Result{}, err
	}
	return result, outcome
}

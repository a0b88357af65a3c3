package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// A password that is being looked at counts as a failure until that is decided: of many attempts at the same time no
// more get through than one after the other. But the limits are on wrong passwords, so nobody is refused for what may
// come out right: the attempt waits until it is decided.
const (
	undecidedFor  = 10 * time.Second       // so long at most: then whoever looked at it is gone, and it is a failure
	waitingAtMost = 64                     // attempts that wait for others, in this process
	lookAgain     = 250 * time.Millisecond // how often who waits looks untold: another replica may have decided
)

// passwordCounts are the counts a password of an account from an address falls under, within a transaction: the failures
// and, as a part of them, those that are undecided.
type passwordCounts struct{ pair, address, openPair, openAddress counter }

func (l limits) passwordCounts(w store.Writer, now time.Time, login, address string) (c passwordCounts, err error) {
	block := addressBlock(address)
	for _, one := range []struct {
		into *counter
		kind string
		of   []string
	}{
		{&c.pair, countPair, []string{login, block}}, {&c.address, countAddress, []string{block}},
		{&c.openPair, openPair, []string{login, block}}, {&c.openAddress, openAddress, []string{block}},
	} {
		if *one.into, err = l.counter(w, now, one.kind, one.of...); err != nil {
			return c, err
		}
	}
	return c, nil
}

// wait is how long no attempt is open. undecided tells that it may be shorter in a moment.
func (c passwordCounts) wait() (wait time.Duration, undecided bool) {
	pair, address := c.pair.wait(), c.address.wait()
	return max(pair, address), pair > 0 && c.openPair.Failures > 0 || address > 0 && c.openAddress.Failures > 0
}

// begin counts an attempt, undecided.
func (c passwordCounts) begin() error {
	var errs []error
	for _, one := range []counter{c.pair, c.address, c.openPair, c.openAddress} {
		_, err := one.fail()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// wrong decides an attempt: it stays a failure.
func (c passwordCounts) wrong() error {
	return errors.Join(c.openPair.forgive(1), c.openAddress.forgive(1))
}

// takenBack decides that an attempt was none.
func (c passwordCounts) takenBack() error {
	return errors.Join(c.pair.forgive(1), c.address.forgive(1), c.wrong())
}

// right decides an attempt and takes back the failures it ends. Those of the account leave the count of the address too,
// and no others: who has an account of their own does not get rid of what they failed at with the accounts of others.
// What is undecided about others stays.
func (c passwordCounts) right() error {
	ended := max(c.pair.Failures-max(c.openPair.Failures-1, 0), 0)
	return errors.Join(c.address.forgive(ended), c.pair.forgive(ended), c.wrong())
}

// admit counts an attempt, once one is open, and reads the hash to check its password against. Error: CodeRateLimited,
// if none is open or too many wait for one.
func (s *Service) admit(ctx context.Context, p *proof) error {
	patience, stop := context.WithTimeout(ctx, undecidedFor)
	defer stop()
	waits := false
	for {
		var undecided bool
		err := s.decide(ctx, func(w *transaction) (refusal, err error) {
			undecided, refusal, err = s.attempt(w, p)
			return refusal, err
		})
		if !undecided {
			if waits { // there may be room for another one
				s.next()
			}
			return err
		}
		if !waits {
			select {
			case s.waiting <- struct{}{}:
				defer func() { <-s.waiting }()
				waits = true
			default:
				return tooManyAtOnce()
			}
		}
		select {
		case <-s.decided:
		case <-time.After(s.lookAgain):
		case <-patience.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return tooManyAtOnce()
		}
	}
}

// next lets one of those that wait look, or whoever waits next: something was decided. One after the other is let through
// so, and no more look than get in, but for the last.
func (s *Service) next() {
	select {
	case s.decided <- struct{}{}:
	default: // one is told already, and has not looked yet
	}
}

// attempt counts an attempt, unless none is open, and reads the hash to check its password against.
func (s *Service) attempt(w store.Writer, p *proof) (undecided bool, refusal, err error) {
	counts, err := s.limits.passwordCounts(w, s.now(), p.login, p.address)
	if err != nil {
		return false, nil, err
	}
	if wait, undecided := counts.wait(); wait > 0 {
		return undecided, limited("Too many wrong passwords", wait), nil
	}
	credentials, err := w.Credentials(p.login)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, nil, err
	}
	p.hash = credentials.PasswordHash
	return false, nil, counts.begin()
}

// relying runs fn, which relies on a proof and decides its attempt, in a write transaction. If nothing of that remains
// the attempt is taken back: its password was right, whether or not its sender is still there.
func (s *Service) relying(ctx context.Context, p proof, fn func(w *transaction) (refusal, err error)) error {
	var refused error
	err := s.decide(ctx, func(w *transaction) (refusal, err error) {
		refused, err = fn(w)
		return refused, err
	})
	if err == nil || errors.Is(err, refused) {
		s.next()
		return err
	}
	return errors.Join(err, s.settle(ctx, p, passwordCounts.takenBack))
}

// settle decides an attempt in a transaction of its own, even for a caller who is gone.
func (s *Service) settle(ctx context.Context, p proof, how func(passwordCounts) error) error {
	defer s.next()
	return s.db.Write(context.WithoutCancel(ctx), func(w store.Writer) error {
		counts, err := s.limits.passwordCounts(w, s.now(), p.login, p.address)
		if err != nil {
			return err
		}
		return how(counts)
	})
}

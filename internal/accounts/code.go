package accounts

import (
	"crypto/hmac"
	"errors"
	"slices"

	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// code is the second factor as somebody gave it: of the authenticator, or a recovery code.
type code struct{ otp, recovery keyapi.Secret }

// newCode takes what was given; blanks and the like are no part of it.
func newCode(otp, recovery keyapi.Secret) code { return code{typed(otp), typed(recovery)} }

// eitherCode takes what may be one or the other: no recovery code is as short as a one-time code.
func eitherCode(given keyapi.Secret) code {
	if given = typed(given); len(given.Reveal()) <= otpDigits.Length() {
		return code{otp: given}
	}
	return code{recovery: given}
}

func (c code) isZero() bool { return c.otp.IsZero() && c.recovery.IsZero() }

// spend checks a code against an account's credentials and spends it there: the caller stores them. It runs within a
// write transaction, so that of many who give the same code at once one gets through, and so that every wrong one
// counts before the next is looked at. seed is the sealed seed to check against: the confirmed or the pending one.
//
// Refusals: CodeOTPRequired without a code, CodeOTPInvalid, CodeRateLimited.
func (s *Service) spend(
	w *transaction, a store.Account, c *store.Credentials, seed []byte, given code, from Origin,
) (refusal, err error) {
	if given.isZero() {
		return codeRequired(), nil
	}
	count, err := s.limits.counter(w, s.now(), countCodes, a.Login)
	if err != nil {
		return nil, err
	}
	if wait := count.wait(); wait > 0 {
		return limited("Too many wrong codes", wait), nil
	}
	if given.otp.IsZero() {
		if s.spendRecovery(a, c, given.recovery) {
			return nil, errors.Join(count.forgive(count.Failures), s.audit(w, a, keyapi.ActionRecoveryCodeUse, a.Login, from))
		}
		return s.wrongCode(w, count, a, from)
	}
	plain, err := s.seals.open(seed, a.Login)
	if err != nil {
		return nil, err
	}
	step, found := stepOf(given.otp, plain, s.now())
	switch {
	case !found:
		return s.wrongCode(w, count, a, from)
	case step <= c.LastStep: // the right code, too late: no guess, so it does not count as one
		return keyapi.Errorf(keyapi.CodeOTPInvalid, "This code was used already", "Wait for the next one."), nil
	}
	c.LastStep = step
	return nil, count.forgive(count.Failures)
}

func codeRequired() error {
	return keyapi.Errorf(keyapi.CodeOTPRequired, "A code of your authenticator is required",
		"Give the six digits it shows, or a recovery code.")
}

// wrongCode counts a wrong code.
func (s *Service) wrongCode(w *transaction, count counter, a store.Account, from Origin) (refusal, err error) {
	until, err := count.fail()
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		locked := notice.Fact{Kind: notice.LockedOut, At: s.now(), Until: until, From: from.Address}
		if err := s.tell(w, a, locked); err != nil {
			return nil, err
		}
	}
	return keyapi.Errorf(keyapi.CodeOTPInvalid, "The code is not right",
		"See that the clock of your device is right, and give the next one."), nil
}

// spendRecovery removes a recovery code if it is there. All are compared, in constant time.
func (s *Service) spendRecovery(a store.Account, c *store.Credentials, given keyapi.Secret) bool {
	hash, found := s.seals.recovery(given, a.Login), -1
	for i, kept := range c.RecoveryCodes {
		if hmac.Equal(kept, hash) {
			found = i
		}
	}
	if found >= 0 {
		c.RecoveryCodes = slices.Delete(slices.Clone(c.RecoveryCodes), found, found+1)
	}
	return found >= 0
}

// clearCodeLimit lets codes of an account be given again.
func (s *Service) clearCodeLimit(w store.Writer, login string) error {
	return w.PutAttempts(s.limits.name(countCodes, login), store.Attempts{})
}

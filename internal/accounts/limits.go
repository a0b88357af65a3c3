package accounts

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// forgetAfter is how long after the last failure all of them are forgotten. It is no shorter than the longest delay.
const forgetAfter = 24 * time.Hour

// What failures are counted by.
const (
	countPair    = "password of account and address"
	countAddress = "password by address"
	countCodes   = "codes of account"
	openPair     = "undecided password of account and address"
	openAddress  = "undecided password by address"
)

// limit says what failures lead to: from the count of free on, each delays the next attempt, first by first, then twice
// as long every time, up to longest. So long after the last one all of them are forgotten.
type limit struct {
	free           int
	first, longest time.Duration
	forget         time.Duration
}

// kinds are the limits. A password may be guessed at from everywhere, but nobody may lock others out by doing it, so its
// counts are bound to an address. Codes are counted only after the right password: whoever fails there is the person or
// has the password, and a code has but six digits. What is undecided is counted and limits nothing.
var kinds = map[string]limit{
	countPair:    {free: 5, first: time.Second, longest: 15 * time.Minute, forget: forgetAfter},
	countAddress: {free: 5, first: time.Second, longest: 15 * time.Minute, forget: forgetAfter},
	countCodes:   {free: 5, first: 15 * time.Minute, longest: 24 * time.Hour, forget: forgetAfter},
	openPair:     {free: math.MaxInt, forget: undecidedFor},
	openAddress:  {free: math.MaxInt, forget: undecidedFor},
}

func (l limit) delay(failures int) time.Duration {
	d := l.first
	for range failures - l.free {
		if d *= 2; d >= l.longest {
			return l.longest
		}
	}
	return d
}

// with gives a count of failures the last of which was at an instant.
func (l limit) with(failures int, last time.Time) store.Attempts {
	if failures <= 0 {
		return store.Attempts{}
	}
	a := store.Attempts{Failures: failures, LastAt: last}
	if failures >= l.free {
		a.Until = last.Add(l.delay(failures))
	}
	return a
}

// limits counts failures in the database, where all replicas see them.
type limits struct{ nameKey []byte }

func newLimits(key masterkey.Key) limits { return limits{key.Purpose(masterkey.PurposeAttemptNames)} }

// name is what a count is stored under. It tells nothing: people type their password where the login belongs.
func (l limits) name(kind string, of ...string) string {
	return hex.EncodeToString(seal.Verifier(l.nameKey, kind+"\x00"+strings.Join(of, "\x00")))
}

// counter is one count within a transaction.
type counter struct {
	limit
	w    store.Writer
	name string
	now  time.Time
	store.Attempts
}

func (l limits) counter(w store.Writer, now time.Time, kind string, of ...string) (counter, error) {
	c := counter{limit: kinds[kind], w: w, name: l.name(kind, of...), now: now}
	kept, err := w.Attempts(c.name)
	if err == nil && now.Sub(kept.LastAt).Abs() < c.forget { // one of a clock that was far ahead would delay until then
		c.Attempts = kept
	}
	return c, err
}

// wait is how long no attempt is open.
func (c counter) wait() time.Duration { return max(c.Until.Sub(c.now), 0) }

// fail counts a failure and gives the end of the delay it leads to, the zero time if it leads to none.
func (c counter) fail() (until time.Time, err error) {
	next := c.with(c.Failures+1, c.now)
	return next.Until, c.w.PutAttempts(c.name, next)
}

// forgive takes back a number of failures.
func (c counter) forgive(failures int) error {
	return c.w.PutAttempts(c.name, c.with(c.Failures-failures, c.LastAt))
}

// addressBlock is what one sender has: an IPv4 address, or a /64 of IPv6, of which everybody has 2^64 addresses.
func addressBlock(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// limited is the error of an attempt that is not open yet.
func limited(message string, wait time.Duration) error {
	wait = (wait + time.Second - 1).Truncate(time.Second)
	return &keyapi.Error{
		Code: keyapi.CodeRateLimited, Message: message, Hint: "Wait " + wait.String() + " and try again.", RetryAfter: wait,
	}
}

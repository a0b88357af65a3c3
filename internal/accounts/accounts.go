// Package accounts holds the use cases of a server's people: their accounts, signing in, multi-factor authentication,
// sessions of people and of pipelines, recovery codes, and the limits on wrong passwords and codes. It knows who
// somebody is and what that lets them do; what a key may do is not its business.
//
// Every change, its audit event and the notice to the person are one transaction. No transport and no prompt may enter.
package accounts

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Options are what the service takes from outside.
type Options struct {
	Store       store.Store
	Key         masterkey.Key
	MFARequired bool             // accounts need multi-factor authentication before they can have a working key
	Contact     string           // whom to ask when the operator must do something; "" = not told
	Issuer      string           // name of this service in authenticator apps; "" = "apikey"
	Now         func() time.Time // the clock
	Random      io.Reader        // crypto/rand.Reader outside of tests
	Log         *slog.Logger     // nil = no log
}

// Service is the accounts of one database. It is safe for concurrent use, and any number of them may share a database.
type Service struct {
	db          store.Store
	mfaRequired bool
	contact     string
	issuer      string
	now         func() time.Time
	random      io.Reader
	log         *slog.Logger
	hasher      *hasher
	seals       seals
	limits      limits
	waiting     chan struct{} // attempts that wait for others to be decided
	decided     chan struct{} // tells one of them that something was
	lookAgain   time.Duration // after which one looks that is not told
}

// New makes the service.
func New(o Options) *Service {
	s := &Service{
		db: o.Store, mfaRequired: o.MFARequired, contact: o.Contact, issuer: o.Issuer,
		random: o.Random, log: o.Log,
		// The precision of every store: what was written compares equal to what is read.
		now:    func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) },
		hasher: newHasher(o.Random), seals: newSeals(o.Key, o.Random), limits: newLimits(o.Key),
		waiting: make(chan struct{}, waitingAtMost), decided: make(chan struct{}, 1), lookAgain: lookAgain,
	}
	if s.issuer == "" {
		s.issuer = "apikey"
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// MFARequired tells whether accounts need multi-factor authentication before they can have a working key.
func (s *Service) MFARequired() bool { return s.mfaRequired }

// Origin is where a request came from. It is kept with what the request made.
type Origin struct {
	Address   string // network address without port
	UserAgent string // program; what is beyond 200 bytes is cut off
}

// ask is the hint to turn to the operator.
func (s *Service) ask() string {
	if s.contact == "" {
		return "Ask the operator of the service."
	}
	return "Ask " + strings.TrimSuffix(s.contact, ".") + "."
}

// clip shortens what a program says of itself: it is stored with every event.
func clip(userAgent string) string {
	const longest = 200
	if len(userAgent) <= longest {
		return userAgent
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(userAgent[cut]) {
		cut--
	}
	return userAgent[:cut]
}

// absent makes "not found" an error for people that says what is not there and how to see what is. What the store calls
// it is not theirs to read.
func absent(err error, message, hint string) error {
	if errors.Is(err, store.ErrNotFound) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, message, hint)
	}
	return err
}

// Package lifecycle holds the rules of a key as data and pure functions: its states, the transitions between them,
// expiry and grace. No I/O, no clock and no randomness may enter: the time and the fresh names are parameters.
//
// The rules are those of the self-service page (the article) and of the key's state table in the design.
package lifecycle

import (
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Key is what is stored of the one key of an account. The zero Key is an account that never had one.
type Key struct {
	AccessKey  string    // "" without a key
	Verifier   []byte    // what the service keeps instead of the secret; opaque here
	CreatedAt  time.Time // whole seconds, UTC
	Disabled   bool      // the slider is at Off
	Generation int64     // access tokens of another generation are dead
	Previous   *Previous // the replaced key, until its grace ends; may already have ended

	Revision       int64 // changes so far; counts per account, survives delete
	LastGeneration int64 // the highest generation ever given out; survives delete
}

// Previous is a replaced key in its grace period.
type Previous struct {
	AccessKey  string
	Verifier   []byte
	Generation int64
	EndsAt     time.Time // min(grace end, its own expiry)
}

// Facts are what decides beside the key itself: the account's rights and what the service requires.
type Facts struct {
	MFARequired bool // the service requires multi-factor authentication
	MFAEnabled  bool // the account has it on
	Permitted   bool // the account may have a key
}

func (f Facts) mfaMissing() bool { return f.MFARequired && !f.MFAEnabled }

// Expiry gives the instant from which a key is expired: one calendar year after its creation, to the second, UTC.
// A key of 29 February ends on 1 March. Source: article, "valid for one year from the date of creation".
func Expiry(created time.Time) time.Time {
	return created.UTC().Truncate(time.Second).AddDate(1, 0, 0)
}

// ExpiresAt gives the key's expiry, the zero time without a key.
func (k Key) ExpiresAt() time.Time {
	if k.AccessKey == "" {
		return time.Time{}
	}
	return Expiry(k.CreatedAt)
}

// Status computes the key's state at an instant: expired when now ≥ expiry, whatever the slider says.
func (k Key) Status(now time.Time) keyapi.Status {
	switch {
	case k.AccessKey == "":
		return keyapi.StatusNone
	case !now.Before(k.ExpiresAt()):
		return keyapi.StatusExpired
	case k.Disabled:
		return keyapi.StatusDisabled
	default:
		return keyapi.StatusActive
	}
}

// LivePrevious gives the replaced key if its grace period is still running at an instant, else nil.
func (k Key) LivePrevious(now time.Time) *Previous {
	if k.Previous == nil || !now.Before(k.Previous.EndsAt) {
		return nil
	}
	return k.Previous
}

// BlockedBy lists why the key cannot do its normal functions now; empty means it can.
func (k Key) BlockedBy(now time.Time, f Facts) []keyapi.Block {
	var blocks []keyapi.Block
	switch k.Status(now) {
	case keyapi.StatusNone:
		blocks = append(blocks, keyapi.BlockNoKey)
	case keyapi.StatusDisabled:
		blocks = append(blocks, keyapi.BlockDisabled)
	case keyapi.StatusExpired:
		blocks = append(blocks, keyapi.BlockExpired)
	}
	if f.mfaMissing() {
		blocks = append(blocks, keyapi.BlockMFANotEnabled)
	}
	if !f.Permitted {
		blocks = append(blocks, keyapi.BlockNotPermitted)
	}
	return blocks
}

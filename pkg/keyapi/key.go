package keyapi

import (
	"encoding/json"
	"time"
)

// Schema is the version of the JSON objects of this API. It grows only when a field changes its meaning.
const Schema = 1

// Status is the state of an account's key as the page shows it.
type Status string

// The four states. StatusExpired is computed from the clock and never stored.
const (
	StatusNone     Status = "none"
	StatusActive   Status = "active"
	StatusDisabled Status = "disabled"
	StatusExpired  Status = "expired"
)

// Action is one of the things the page lets a user do with the key.
type Action string

// The actions of the page, and ActionDeletePrevious, which ends the grace period of a replaced key early.
const (
	ActionGenerate       Action = "generate"
	ActionDisable        Action = "disable"
	ActionActivate       Action = "activate"
	ActionRegenerate     Action = "regenerate"
	ActionDelete         Action = "delete"
	ActionDeletePrevious Action = "delete-previous"
)

// Block is a reason why a key cannot do its normal functions at the moment.
type Block string

// The reasons, in the order in which they are reported.
const (
	BlockNoKey         Block = "no-key"
	BlockDisabled      Block = "disabled"
	BlockExpired       Block = "expired"
	BlockMFANotEnabled Block = "mfa-not-enabled"
	BlockNotPermitted  Block = "not-permitted"
)

// Previous is a replaced key whose secret still works: the grace period of a regenerate.
type Previous struct {
	AccessKey string    // the replaced Access Key
	EndsAt    time.Time // from this instant on its secret is refused (UTC)
}

// Key is what the service says of an account's key. An account without a key has one too, with StatusNone: the
// revision counts per account and never resets.
type Key struct {
	Account    string    // login of the account
	Status     Status    // state now
	Usable     bool      // active, and the account has what the service requires
	BlockedBy  []Block   // why it is not usable; empty when it is
	AccessKey  string    // public identifier; "" without a key
	CreatedAt  time.Time // zero without a key (UTC, whole seconds)
	ExpiresAt  time.Time // one calendar year after CreatedAt; zero without a key
	LastUsedAt time.Time // zero if the key was never used
	Previous   *Previous // the replaced key in its grace period, or nil
	Revision   int64     // number of changes to this account's key so far
	MFAEnabled bool      // whether the account has multi-factor authentication on
	Actions    []Action  // the actions that are open now, in the page's order
}

// keyJSON is the form of a Key on the wire: every field is always there, an absent value is null.
type keyJSON struct {
	Schema     int           `json:"schema"`
	Account    string        `json:"account"`
	Status     Status        `json:"status"`
	Usable     bool          `json:"usable"`
	BlockedBy  []Block       `json:"blockedBy"`
	AccessKey  *string       `json:"accessKey"`
	CreatedAt  *time.Time    `json:"createdAt"`
	ExpiresAt  *time.Time    `json:"expiresAt"`
	LastUsedAt *time.Time    `json:"lastUsedAt"`
	Previous   *previousJSON `json:"previous"`
	Revision   int64         `json:"revision"`
	MFAEnabled bool          `json:"mfaEnabled"`
	Actions    []Action      `json:"actions"`
}

type previousJSON struct {
	AccessKey string    `json:"accessKey"`
	EndsAt    time.Time `json:"endsAt"`
}

// MarshalJSON gives the key object of the API: all fields, absent values as null, times in RFC 3339 UTC.
func (k Key) MarshalJSON() ([]byte, error) {
	w := keyJSON{
		Schema: Schema, Account: k.Account, Status: k.Status, Usable: k.Usable, BlockedBy: k.BlockedBy,
		AccessKey: textOrNull(k.AccessKey),
		CreatedAt: timeOrNull(k.CreatedAt), ExpiresAt: timeOrNull(k.ExpiresAt), LastUsedAt: timeOrNull(k.LastUsedAt),
		Revision: k.Revision, MFAEnabled: k.MFAEnabled, Actions: k.Actions,
	}
	if k.Previous != nil {
		w.Previous = &previousJSON{AccessKey: k.Previous.AccessKey, EndsAt: k.Previous.EndsAt.UTC()}
	}
	if w.BlockedBy == nil {
		w.BlockedBy = []Block{}
	}
	if w.Actions == nil {
		w.Actions = []Action{}
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads the key object of the API. Unknown fields are ignored, so that a newer service can add some.
func (k *Key) UnmarshalJSON(data []byte) error {
	var w keyJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*k = Key{
		Account: w.Account, Status: w.Status, Usable: w.Usable, BlockedBy: w.BlockedBy,
		AccessKey: textOrEmpty(w.AccessKey),
		CreatedAt: timeOrZero(w.CreatedAt), ExpiresAt: timeOrZero(w.ExpiresAt), LastUsedAt: timeOrZero(w.LastUsedAt),
		Revision: w.Revision, MFAEnabled: w.MFAEnabled, Actions: w.Actions,
	}
	if w.Previous != nil {
		k.Previous = &Previous{AccessKey: w.Previous.AccessKey, EndsAt: w.Previous.EndsAt.UTC()}
	}
	return nil
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

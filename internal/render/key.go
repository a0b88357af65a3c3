package render

import (
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Key is everything the tool says of a key: what the service knows and what this machine keeps. Without a Status the service
// was not asked, or could not be: what it would have told is not known.
type Key struct {
	keyapi.Key
	Profile       string
	Server        string // "" = embedded
	SecretStored  string // kind of the store that keeps the secret; "" = none is kept here
	SecretMatches bool   // the kept secret is of the live key; of no meaning without one
	Changed       *bool  // only after an action
	Secret        keyapi.Secret
	OnItsPage     bool // the service has no key API: what is told is what its owner said
}

// keyJSON is the object of the contract: always these fields, absent = null, in this order.
type keyJSON struct {
	Schema        int             `json:"schema"`
	Profile       string          `json:"profile"`
	Server        *string         `json:"server"`
	Account       *string         `json:"account"`
	Status        *keyapi.Status  `json:"status"`
	Usable        bool            `json:"usable"`
	BlockedBy     []keyapi.Block  `json:"blockedBy"`
	AccessKey     *string         `json:"accessKey"`
	CreatedAt     *time.Time      `json:"createdAt"`
	ExpiresAt     *time.Time      `json:"expiresAt"`
	LastUsedAt    *time.Time      `json:"lastUsedAt"`
	Previous      *previousJSON   `json:"previous"`
	Revision      *int64          `json:"revision"`
	MFAEnabled    *bool           `json:"mfaEnabled"`
	SecretStored  *string         `json:"secretStored"`
	SecretMatches *bool           `json:"secretMatches"`
	Actions       []keyapi.Action `json:"actions"`
	Changed       *bool           `json:"changed,omitempty"`
	AccessSecret  *string         `json:"accessSecret,omitempty"`
}

type previousJSON struct {
	AccessKey string    `json:"accessKey"`
	EndsAt    time.Time `json:"endsAt"`
}

func (k Key) object() keyJSON {
	o := keyJSON{
		Schema: keyapi.Schema, Profile: k.Profile, Server: nonempty(k.Server), Account: &k.Account, Status: &k.Status,
		Usable: k.Usable, BlockedBy: k.BlockedBy, AccessKey: nonempty(k.AccessKey), CreatedAt: nonzero(k.CreatedAt),
		ExpiresAt: nonzero(k.ExpiresAt), LastUsedAt: nonzero(k.LastUsedAt), Revision: &k.Revision,
		MFAEnabled: &k.MFAEnabled, SecretStored: nonempty(k.SecretStored), Actions: k.Actions, Changed: k.Changed,
		AccessSecret: nonempty(k.Secret.Reveal()),
	}
	if k.Status == "" {
		o.Account, o.Status, o.Revision, o.MFAEnabled = nonempty(k.Account), nil, nil, nil
	}
	if k.SecretStored != "" {
		o.SecretMatches = &k.SecretMatches
	}
	if k.Previous != nil {
		o.Previous = &previousJSON{AccessKey: k.Previous.AccessKey, EndsAt: k.Previous.EndsAt.UTC()}
	}
	if o.BlockedBy == nil {
		o.BlockedBy = []keyapi.Block{}
	}
	if o.Actions == nil {
		o.Actions = []keyapi.Action{}
	}
	return o
}

func nonempty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// nonzero gives a time as all results are: UTC, to the second.
func nonzero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

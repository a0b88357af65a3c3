package lifecycle

import (
	"slices"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// refusals says in a sentence why the state table refuses.
var refusals = map[keyapi.Code]string{
	keyapi.CodeNoKey:          "There is no API key",
	keyapi.CodeKeyExists:      "There is an API key already",
	keyapi.CodeKeyExpired:     "The API key has expired",
	keyapi.CodeKeyDisabled:    "The API key is disabled",
	keyapi.CodeNotPermitted:   "Your login may not have an API key",
	keyapi.CodeOTPRequired:    "A one-time code of your authenticator is needed for this",
	keyapi.CodeMFANotEnabled:  "Multi-factor authentication is not on for your account",
	keyapi.CodeInvalidRequest: "The grace period must be whole seconds, 7 days at most",
}

// Refusal makes the error for a code that Check, Allowed or Apply gave.
func Refusal(code keyapi.Code) *keyapi.Error {
	return &keyapi.Error{Code: code, Message: refusals[code]}
}

// Foresee says what an action would come to for a key as the service shows it, by the same table: whether it would
// change anything, or the refusal. Only the service's own answer counts; this one spares a question that leads nowhere.
func Foresee(k keyapi.Key, a keyapi.Action) (change bool, err error) {
	f := Facts{
		MFARequired: true, MFAEnabled: !slices.Contains(k.BlockedBy, keyapi.BlockMFANotEnabled),
		Permitted: !slices.Contains(k.BlockedBy, keyapi.BlockNotPermitted),
	}
	if code := Allowed(a, f); code != "" {
		return false, Refusal(code)
	}
	m, known := table[k.Status][a]
	switch {
	case !known:
		return false, keyapi.Errorf(keyapi.CodeInvalidRequest, "The action is not known", "")
	case m.refused != "":
		return false, Refusal(m.refused)
	case a == keyapi.ActionDeletePrevious:
		return k.Previous != nil, nil
	default:
		return m.change, nil
	}
}

// View shows the stored key as the key object of the API, at an instant.
func (k Key) View(account string, now, lastUsed time.Time, f Facts) keyapi.Key {
	v := keyapi.Key{
		Account: account, Status: k.Status(now), BlockedBy: k.BlockedBy(now, f), AccessKey: k.AccessKey,
		Revision: k.Revision, MFAEnabled: f.MFAEnabled, Actions: k.Actions(now, f),
	}
	v.Usable = len(v.BlockedBy) == 0
	if k.AccessKey != "" {
		v.CreatedAt, v.ExpiresAt, v.LastUsedAt = k.CreatedAt, k.ExpiresAt(), lastUsed
	}
	if p := k.LivePrevious(now); p != nil {
		v.Previous = &keyapi.Previous{AccessKey: p.AccessKey, EndsAt: p.EndsAt}
	}
	return v
}

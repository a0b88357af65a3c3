package lifecycle

import (
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// move is one cell of the state table: what an action does to a key in a state.
type move struct {
	refused keyapi.Code // not "": the action is refused with this code
	change  bool        // false and not refused: it is already so
}

var (
	acts  = move{change: true}
	rests = move{}
)

func refuse(code keyapi.Code) move { return move{refused: code} }

// table is the state table of the design, §2: state × action. DeletePrevious is the sixth column: it ends a grace
// period if there is one, so whether it changes anything is not a matter of the state alone.
var table = map[keyapi.Status]map[keyapi.Action]move{
	keyapi.StatusNone: {
		keyapi.ActionGenerate:       acts,
		keyapi.ActionDisable:        refuse(keyapi.CodeNoKey),
		keyapi.ActionActivate:       refuse(keyapi.CodeNoKey),
		keyapi.ActionRegenerate:     refuse(keyapi.CodeNoKey),
		keyapi.ActionDelete:         refuse(keyapi.CodeNoKey),
		keyapi.ActionDeletePrevious: refuse(keyapi.CodeNoKey),
	},
	keyapi.StatusActive: {
		keyapi.ActionGenerate:       refuse(keyapi.CodeKeyExists),
		keyapi.ActionDisable:        acts,
		keyapi.ActionActivate:       rests,
		keyapi.ActionRegenerate:     acts,
		keyapi.ActionDelete:         acts,
		keyapi.ActionDeletePrevious: acts,
	},
	keyapi.StatusDisabled: {
		keyapi.ActionGenerate:       refuse(keyapi.CodeKeyExists),
		keyapi.ActionDisable:        rests,
		keyapi.ActionActivate:       acts,
		keyapi.ActionRegenerate:     acts,
		keyapi.ActionDelete:         acts,
		keyapi.ActionDeletePrevious: acts,
	},
	keyapi.StatusExpired: {
		keyapi.ActionGenerate:       refuse(keyapi.CodeKeyExists),
		keyapi.ActionDisable:        refuse(keyapi.CodeKeyExpired),
		keyapi.ActionActivate:       refuse(keyapi.CodeKeyExpired),
		keyapi.ActionRegenerate:     acts,
		keyapi.ActionDelete:         acts,
		keyapi.ActionDeletePrevious: acts,
	},
}

// pageOrder is the order in which the page shows what can be done.
var pageOrder = []keyapi.Action{
	keyapi.ActionGenerate, keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete,
}

// Needs says what an action requires of the account, and of who acts on it: a one-time code given lately, where the account
// has MFA. Taking rights away is never harder than using them: disable, delete and delete-previous need nothing.
type Needs struct{ Permission, MFA, Code bool }

var needs = map[keyapi.Action]Needs{
	keyapi.ActionGenerate:   {Permission: true, MFA: true, Code: true},
	keyapi.ActionRegenerate: {Permission: true, MFA: true, Code: true},
	keyapi.ActionActivate:   {Permission: true, Code: true},
}

// NeedsCode tells whether an action requires that a one-time code was given lately.
func NeedsCode(a keyapi.Action, f Facts) bool { return f.MFAEnabled && needs[a].Code }

// Allowed checks the account's rights for an action: first the permission, then MFA. It gives "" or
// CodeNotPermitted or CodeMFANotEnabled.
func Allowed(a keyapi.Action, f Facts) keyapi.Code {
	n := needs[a]
	switch {
	case n.Permission && !f.Permitted:
		return keyapi.CodeNotPermitted
	case n.MFA && f.mfaMissing():
		return keyapi.CodeMFANotEnabled
	default:
		return ""
	}
}

// Check says what an action would do to the key now: refused with a code, or change true or false.
func (k Key) Check(a keyapi.Action, now time.Time) (change bool, refused keyapi.Code) {
	m, known := table[k.Status(now)][a]
	switch {
	case !known:
		return false, keyapi.CodeInvalidRequest
	case a == keyapi.ActionDeletePrevious && m.change:
		return k.LivePrevious(now) != nil, ""
	default:
		return m.change, m.refused
	}
}

// Actions lists what is open now, in the page's order: what would change something and the account may do.
func (k Key) Actions(now time.Time, f Facts) []keyapi.Action {
	var open []keyapi.Action
	for _, a := range pageOrder {
		if change, refused := k.Check(a, now); change && refused == "" && Allowed(a, f) == "" {
			open = append(open, a)
		}
	}
	return open
}

// Fresh is the new key of a generate or regenerate.
type Fresh struct {
	AccessKey string
	Verifier  []byte
}

// ValidGrace tells whether a grace period is one: whole seconds from 0 to keyapi.MaxGrace.
func ValidGrace(grace time.Duration) bool {
	return grace >= 0 && grace <= keyapi.MaxGrace && grace%time.Second == 0
}

// Apply carries out an action at an instant and gives the key after it. The key itself is not touched. fresh is used
// by generate and regenerate, grace by regenerate of an active key; grace must be from 0 to keyapi.MaxGrace.
//
// A change bumps the revision. What must end running access tokens gives the key another generation: disable does (so
// activating revives none), delete does by ending the key, and a new key has its own.
func (k Key) Apply(a keyapi.Action, now time.Time, fresh Fresh, grace time.Duration) (after Key, changed bool, refused keyapi.Code) {
	if !ValidGrace(grace) {
		return k, false, keyapi.CodeInvalidRequest
	}
	changed, refused = k.Check(a, now)
	if refused != "" || !changed {
		return k, false, refused
	}
	after = k
	after.Revision++
	switch a {
	case keyapi.ActionGenerate:
		after.replace(fresh, now, nil)
	case keyapi.ActionRegenerate:
		after.replace(fresh, now, k.graced(now, grace))
	case keyapi.ActionDisable:
		after.Disabled, after.Previous = true, nil
		after.nextGeneration()
	case keyapi.ActionActivate:
		after.Disabled, after.Previous = false, nil
	case keyapi.ActionDelete:
		after = Key{Revision: after.Revision, LastGeneration: after.LastGeneration}
	case keyapi.ActionDeletePrevious:
		after.Previous = nil
	}
	return after, true, ""
}

// Revise notes that the account gained something the key needs (MFA turned on, permission given): a revision, because the
// key is shown otherwise from now on, and nothing else.
func (k Key) Revise() Key {
	k.Revision++
	return k
}

// Retire ends every access token of the key and of the one in its grace period, and leaves their secrets as they are: what
// follows when the account loses something the key needs (MFA turned off, permission taken away). That the account's
// rights changed is a revision too, whether or not there is a key.
func (k Key) Retire() Key {
	k.Revision++
	if k.AccessKey == "" {
		return k
	}
	k.nextGeneration()
	if k.Previous != nil {
		previous := *k.Previous
		k.LastGeneration++
		previous.Generation, k.Previous = k.LastGeneration, &previous
	}
	return k
}

// graced is what a regenerate leaves of the key it replaces: nothing without grace or if the key was not active.
func (k Key) graced(now time.Time, grace time.Duration) *Previous {
	if grace == 0 || k.Status(now) != keyapi.StatusActive {
		return nil
	}
	ends := now.UTC().Truncate(time.Second).Add(grace)
	if expiry := k.ExpiresAt(); expiry.Before(ends) {
		ends = expiry
	}
	return &Previous{AccessKey: k.AccessKey, Verifier: k.Verifier, Generation: k.Generation, EndsAt: ends}
}

func (k *Key) replace(fresh Fresh, now time.Time, previous *Previous) {
	k.AccessKey, k.Verifier, k.Disabled, k.Previous = fresh.AccessKey, fresh.Verifier, false, previous
	k.CreatedAt = now.UTC().Truncate(time.Second)
	k.nextGeneration()
}

func (k *Key) nextGeneration() {
	k.LastGeneration++
	k.Generation = k.LastGeneration
}

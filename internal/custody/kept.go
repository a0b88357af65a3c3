package custody

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Kept says what this machine keeps for the account: a metadata file without secrets, so that the status can tell
// without opening the keyring. The zero Kept is nothing.
type Kept struct {
	AccessKey string           `json:"accessKey,omitempty"` // whose secret it is
	Store     secretstore.Kind `json:"store,omitempty"`
	At        time.Time        `json:"keptAt,omitzero"`
	Token     bool             `json:"token,omitempty"` // an access token of it is cached beside it
	Stale     []Stale          `json:"stale,omitempty"` // slots that are to be removed
}

// Stale names a slot whose secret is of no use any more and that may still be there: its removal failed or was cut
// short, or a write into it ran past its deadline and may have landed later.
type Stale struct {
	Name  string           `json:"name"`
	Store secretstore.Kind `json:"store"`
}

func (k Kept) any() bool { return k.AccessKey != "" || len(k.Stale) > 0 }

// marking is k with a slot marked for removal, once.
func (k Kept) marking(s Stale) Kept {
	if !slices.Contains(k.Stale, s) {
		k.Stale = append([]Stale{s}, k.Stale...)
	}
	return k
}

// without is k with its secret, and what hangs on it, marked for removal.
func (k Kept) without() Kept {
	k = k.withoutToken()
	if k.AccessKey != "" {
		k = k.marking(Stale{Name: k.AccessKey, Store: k.Store})
	}
	return Kept{Stale: k.Stale}
}

// withoutToken is k with its cached access token marked for removal.
func (k Kept) withoutToken() Kept {
	if k.Token {
		k = k.marking(Stale{Name: tokenSlot(k.AccessKey), Store: k.Store})
		k.Token = false
	}
	return k
}

// Kept reads what this machine keeps for the account.
func (c *Custodian) Kept() (Kept, error) {
	var kept Kept
	if _, err := durable.ReadJSON(c.keptPath(), &kept); err != nil {
		return Kept{}, &keyapi.Error{
			Code: keyapi.CodeStoreFailed, Message: "The note of which secret is kept here cannot be read", Err: err,
			Hint: "Remove " + c.keptPath() + " if it is damaged, then keep the secret again with: apikey import",
		}
	}
	return kept, nil
}

func (c *Custodian) keptPath() string { return filepath.Join(c.account(), "kept.json") }

// writeKept writes the metadata durably; nothing to note is no file.
func (c *Custodian) writeKept(k Kept) error {
	if !k.any() {
		return keeping.Failed(durable.Remove(c.keptPath()))
	}
	return keeping.Failed(durable.WriteJSON(c.keptPath(), k))
}

// holds tells whether a slot is in use, though it was marked for removal before.
func (k Kept) holds(s Stale) bool {
	return s.Store == k.Store && (s.Name == k.AccessKey || k.Token && s.Name == tokenSlot(k.AccessKey))
}

// stillThere tells of a slot that could not be emptied, and removedBy what empties it. Of the kept secret a copy may be
// left, by a move: forget would remove the kept one too.
func (k Kept) stillThere(s Stale, store secretstore.Store) string {
	if s.Name == k.AccessKey {
		return "A copy of the secret of " + s.Name + " is still in the " + store.Place()
	}
	return "The old secret of " + s.Name + " is still in the " + store.Place()
}

func (k Kept) removedBy(s Stale) string {
	if s.Name == k.AccessKey {
		return "apikey store move " + string(k.Store) + " removes it."
	}
	return "It is of no use any more; apikey forget removes it."
}

// removeStale removes the slots that are to go and notes which are left. A failure is told and tried again at the next
// occasion: what they hold is of no use, so it is no reason to fail an action that is done.
func (c *Custodian) removeStale(ctx context.Context, k Kept) Kept {
	var left []Stale
	for _, s := range k.Stale {
		store := c.Store(s.Store)
		if store == nil || k.holds(s) {
			continue
		}
		if err := store.Delete(ctx, c.slot(s.Name)); err != nil {
			left = append(left, s)
			c.Notice(k.stillThere(s, store) + ": " + err.Error() + ". " + k.removedBy(s))
		}
	}
	if len(left) == len(k.Stale) {
		return k
	}
	k.Stale = left
	if err := c.writeKept(k); err != nil {
		c.Log.Debug("the metadata keeps removed slots", "error", err)
	}
	return k
}

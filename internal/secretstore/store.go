// Package secretstore is where a secret rests on this machine: the OS keyring, a private file, a sealed file, or what a
// helper of the user's keeps. It knows slots and secrets; no rule of the key, no question and no setting may enter.
package secretstore

import (
	"context"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Kind names a store.
type Kind string

// The kinds.
const (
	KindKeyring Kind = "keyring"
	KindFile    Kind = "file"
	KindSealed  Kind = "sealed"
	KindCommand Kind = "command"
)

// Slot names one secret: of which service, of which account, and what it is there, as an Access Key names its Access
// Secret. A Name is of letters, digits and hyphens. Secrets of two services, two accounts or two names never meet in one slot.
type Slot struct{ Instance, Login, Name string }

// Store keeps secrets of one line. Every error is a *keyapi.Error with a code store-* or, from Get, CodeNoSecret; a store
// that lacks a setting says CodeUsage, and one that asks its user CodeCancelled.
type Store interface {
	// Kind gives the store's kind.
	Kind() Kind
	// Place names the store for people.
	Place() string
	// Probe proves that a secret of the slot's account can be kept, with a value of no worth that leaves nothing behind.
	Probe(ctx context.Context, s Slot) error
	// Put writes a secret durably, reads it back and compares.
	Put(ctx context.Context, s Slot, secret keyapi.Secret) error
	// Get gives a secret as it was put; whether it makes sense is for the caller to say. CodeNoSecret: the slot is empty.
	Get(ctx context.Context, s Slot) (keyapi.Secret, error)
	// Delete empties a slot. An empty one is no error.
	Delete(ctx context.Context, s Slot) error
}

// Locked is a store that asks a person to open it, once a command.
type Locked interface {
	// Unlock does the asking: whoever holds a lock must not wait for a person. Errors: those of the store.
	Unlock(ctx context.Context) error
	// Retry lets the person be asked anew if the last answer opened nothing. It is for a program that goes on after an
	// error, where nobody can run the same command again.
	Retry()
}

// Package store is the storage port of the key service: what a database must do for it, and nothing of how. The
// implementations are in folders of their own; storetest is the one contract suite they all pass.
//
// No rule of the key may enter: a store keeps what it is given.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// ErrNotFound is what a lookup returns for a row that is not there.
var ErrNotFound = errors.New("store: not found")

// Store is a database of accounts and their keys. It is safe for concurrent use, by many processes too.
type Store interface {
	// Instance gives the random identifier this database was made with. It never changes.
	Instance() string

	// Read runs fn on one consistent snapshot.
	Read(ctx context.Context, fn func(Reader) error) error

	// Look runs fn with a Reader each of whose calls sees a snapshot of its own: it costs less than Read where one call is
	// enough.
	Look(ctx context.Context, fn func(Reader) error) error

	// Changes gives the numbers that count changes, at an instant after the call began. It is made to be asked all the time.
	Changes(ctx context.Context) (Changes, error)

	// Write runs fn in one serializable transaction and commits it durably if fn returns nil; otherwise nothing of it
	// remains. A store may run fn more than once (serialization failure), so fn must have no effect beyond its Writer.
	Write(ctx context.Context, fn func(Writer) error) error

	// Close releases the database.
	Close() error
}

// Reader reads.
type Reader interface {
	AccountReader
	SessionReader
	AttemptsReader
	TokenReader
	OutboxReader
	ChangeReader
	TableReader

	// Meta gives a named value of the database as a whole. Error: ErrNotFound.
	Meta(name string) ([]byte, error)
	// AllMeta gives every named value of the database, its identifier among them.
	AllMeta() (map[string][]byte, error)
	// Reply gives the idempotency record of an Idempotency-Key by its hash. Error: ErrNotFound.
	Reply(hash []byte) (Reply, error)
	// Replies gives all idempotency records of an account, oldest first.
	Replies(login string) ([]Reply, error)
	// CountReplies counts them; an account that is not there has none.
	CountReplies(login string) (int, error)
	// Events gives up to limit events of an account with an ID below before (0: from the newest), newest first.
	Events(login string, before int64, limit int) ([]Event, error)
}

// Writer reads and writes within one transaction.
type Writer interface {
	Reader
	AccountWriter
	SessionWriter
	AttemptsWriter
	TokenWriter
	OutboxWriter
	TableWriter

	// SetMeta sets a named value of the database as a whole.
	SetMeta(name string, value []byte) error
	// AddEvent appends to the audit trail; e.ID is given by the store.
	AddEvent(login string, e keyapi.Event) error
	// PutReply adds an idempotency record. Its hash must be new.
	PutReply(r Reply) error
	// EraseReplies blanks the sealed text of every record of an account that holds the secret of this Access Key; the
	// records themselves stay, so that a replay can be told what happened.
	EraseReplies(login, accessKey string) error
	// EraseAllReplies blanks the sealed text of every record of the database.
	EraseAllReplies() error
	// PurgeReplies removes every record that was made before an instant.
	PurgeReplies(before time.Time) error
}

// Reply is the idempotency record of one executed request.
type Reply struct {
	Hash        []byte // of the Idempotency-Key; the key itself is never stored
	Login       string
	Fingerprint []byte    // of the request: another request under the same Idempotency-Key does not match it
	AccessKey   string    // the key whose secret the sealed reply holds; "" if it holds none
	Sealed      []byte    // the reply, encrypted; nil once erased, or if nothing was executed
	At          time.Time // when it was made
}

// Event is an entry of the audit trail with its place in it.
type Event struct {
	ID int64 // rises with every event of the database
	keyapi.Event
}

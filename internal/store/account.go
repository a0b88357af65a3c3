package store

import (
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
)

// Account is a login and its key.
type Account struct {
	Login      string
	Email      string // "" if none is known
	Permitted  bool   // may have a key
	MFAEnabled bool
	Locked     bool // the operator lets nobody sign in to it
	CreatedAt  time.Time
	Key        lifecycle.Key
	LastUsedAt time.Time // of the current key; zero if never. PutKey with another Access Key resets it
}

// Credentials are what the person of an account signs in with. The zero Credentials let nobody in. Nothing of them can
// be read by who has the database alone: passwords and codes are hashes, seeds are sealed.
type Credentials struct {
	PasswordHash  string   // in PHC string format; "" = no password
	Seed          []byte   // of the authenticator, sealed; nil = none is confirmed
	PendingSeed   []byte   // of an authenticator that is being set up, sealed; nil = none
	LastStep      int64    // the newest time step a code was spent of: neither it nor an older one counts again
	RecoveryCodes [][]byte // hashes of those not spent yet
}

// AccountReader reads accounts.
type AccountReader interface {
	// SoleAccount gives the login of the oldest account: the embedded service's only one. Error: ErrNotFound.
	SoleAccount() (string, error)
	// Account gives an account by its login. Error: ErrNotFound.
	Account(login string) (Account, error)
	// Accounts gives up to limit accounts with a login above after, in the order of their logins' bytes.
	Accounts(after string, limit int) ([]Account, error)
	// Credentials gives what an account signs in with. Error: ErrNotFound without such an account.
	Credentials(login string) (Credentials, error)
	// KeyOwner gives the login of the account whose current or previous key this Access Key is. Error: ErrNotFound.
	KeyOwner(accessKey string) (string, error)
}

// AccountWriter writes accounts. Every method of an account that is not there gives ErrNotFound.
type AccountWriter interface {
	// CreateAccount adds an account without a key and without credentials. Its login must be new.
	CreateAccount(a Account) error
	// PutAccount replaces what is stored of an account, except its key, credentials and time of creation.
	PutAccount(a Account) error
	// RemoveAccount removes an account and all that belongs to it.
	RemoveAccount(login string) error
	// PutCredentials replaces what an account signs in with.
	PutCredentials(login string, c Credentials) error
	// PutKey replaces what is stored of an account's key.
	PutKey(login string, k lifecycle.Key) error
	// TouchKey notes when a key was last used. Nothing happens if it is not, or no longer, a current key.
	TouchKey(accessKey string, at time.Time) error
	// TouchKeys notes it for many keys at once: up to TouchMany.
	TouchKeys(accessKeys []string, at time.Time) error
}

// TouchMany is how many keys one call of TouchKeys may name.
const TouchMany = 500

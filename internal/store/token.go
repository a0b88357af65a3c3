package store

import "time"

// SigningKey is a key that signs access tokens.
type SigningKey struct {
	ID        string
	Sealed    []byte // its private half, encrypted
	CreatedAt time.Time
}

// RevokedToken is the note that a token was taken back.
type RevokedToken struct {
	ID        string    // its jti
	ExpiresAt time.Time // of the token: until then the note counts
}

// Resource is a resource server that may introspect every token.
type Resource struct {
	Name      string
	Verifier  []byte // of its secret
	CreatedAt time.Time
}

// TokenReader reads what belongs to access tokens. A token itself has no row.
type TokenReader interface {
	// SigningKeys gives all signing keys, oldest first.
	SigningKeys() ([]SigningKey, error)
	// RevokedTokens gives all notes of revoked tokens, in the order of their identifiers' bytes.
	RevokedTokens() ([]RevokedToken, error)
	// Resource gives a resource server by its name. Error: ErrNotFound.
	Resource(name string) (Resource, error)
	// Resources gives all resource servers in the order of their names.
	Resources() ([]Resource, error)
}

// TokenWriter writes what belongs to access tokens.
type TokenWriter interface {
	// CreateSigningKey adds a signing key. Its ID must be new.
	CreateSigningKey(k SigningKey) error
	// DeleteSigningKey removes one. One that is not there is no error.
	DeleteSigningKey(id string) error
	// RevokeToken notes that a token is revoked, until its expiry. A second time changes nothing.
	RevokeToken(id string, expires time.Time) error
	// PurgeRevoked removes the notes of tokens that expired before an instant.
	PurgeRevoked(before time.Time) error
	// CreateResource adds a resource server. Its name must be new.
	CreateResource(r Resource) error
	// DeleteResource removes one. Error: ErrNotFound.
	DeleteResource(name string) error
}

package accesstoken

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
)

// SigningKey is an Ed25519 key that signs tokens. Print shows nothing of its private half.
//
// Its ID is the key's own thumbprint (RFC 7638): two keys never share one, and a seed that was stored beside another
// key's ID is found out.
type SigningKey struct {
	ID        string    // kid
	CreatedAt time.Time // when it was published; whole seconds, UTC

	public ed25519.PublicKey
	header string // of every token it signs, in base64url
	// private is behind a function because no printer looks into one: not fmt, whatever the key is nested in, nor
	// encoding/json.
	private func() ed25519.PrivateKey
}

// NewSigningKey draws a key from random: the first of a service; KeySet.Successor makes the others. Its error is that
// of random.
func NewSigningKey(random io.Reader, now time.Time) (SigningKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return SigningKey{}, fmt.Errorf("reading random bytes: %w", err)
	}
	return fromSeed(seed, now), nil
}

// SigningKeyFromSeed gives back the key that was stored as its ID, Seed and CreatedAt. It is an error if they do not
// belong together; the error does not show the seed.
func SigningKeyFromSeed(id string, seed []byte, created time.Time) (SigningKey, error) {
	if len(seed) != ed25519.SeedSize {
		return SigningKey{}, fmt.Errorf("the seed of signing key %s has %d bytes", id, len(seed))
	}
	k := fromSeed(seed, created)
	if k.ID != id {
		return SigningKey{}, fmt.Errorf("the seed stored for signing key %s belongs to another key", id)
	}
	return k, nil
}

func fromSeed(seed []byte, created time.Time) SigningKey {
	private := ed25519.NewKeyFromSeed(seed)
	public := ed25519.PublicKey(private[ed25519.SeedSize:])
	// The members of the thumbprint: the required ones of an OKP key (RFC 8037, §2), in this order, without spaces.
	encode := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + encode(public) + `"}`))
	id := encode(sum[:])
	return SigningKey{
		ID: id, CreatedAt: created.UTC().Truncate(time.Second), public: public,
		header:  encode([]byte(`{"alg":"EdDSA","typ":"` + tokenType + `","kid":"` + id + `"}`)),
		private: func() ed25519.PrivateKey { return private },
	}
}

// Seed gives the private half, to be stored sealed: 32 bytes. Nothing else gives it. The zero key has none.
func (k SigningKey) Seed() []byte {
	if k.private == nil {
		return nil
	}
	return k.private().Seed()
}

// String names the key.
func (k SigningKey) String() string { return "signing key " + k.ID }

var errNoKey = errors.New("a set of signing keys needs at least one key, and each of them whole")

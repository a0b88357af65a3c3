package accesstoken

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

// PublicationLead is how long a new key is published before it signs: a resource server that keeps our JWKS for at most
// this long never meets a token whose key it does not have.
const PublicationLead = 10 * time.Minute

// KeySet is the signing keys of a service and the rule of their succession. It never changes; a rotation makes another
// set, with one key more. The zero KeySet signs and accepts nothing.
//
// The rule needs no state beside the keys' times of creation, so all replicas come to the same answer: a key is
// published at once, signs from PublicationLead later (the oldest: at once) until its successor does, and is accepted
// until the last token it signed has ended.
type KeySet struct {
	keys []SigningKey // oldest first
}

// Term is when a key does what. The zero time: not known yet, as no successor is.
type Term struct {
	KeyID     string
	CreatedAt time.Time // published from here on
	SignsFrom time.Time
	SignsTill time.Time // from here on its successor signs
	RetiresAt time.Time // from here on it is neither accepted nor published, and may be removed
}

// NewKeySet makes a set of keys, in any order. It is an error if there is none, or a zero one.
func NewKeySet(keys []SigningKey) (KeySet, error) {
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b SigningKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	if len(sorted) == 0 || slices.ContainsFunc(sorted, func(k SigningKey) bool { return k.private == nil }) {
		return KeySet{}, errNoKey
	}
	return KeySet{slices.CompactFunc(sorted, func(a, b SigningKey) bool { return a.ID == b.ID })}, nil
}

// Same tells whether two sets are of the same keys.
func (s KeySet) Same(other KeySet) bool {
	return slices.EqualFunc(s.keys, other.keys, func(a, b SigningKey) bool { return a.ID == b.ID && a.CreatedAt.Equal(b.CreatedAt) })
}

// Successor draws the key of a rotation from random. Stored and put into the next set, it is published now and signs
// from PublicationLead later. Its error is that of random.
//
// It is younger than every key of the set even where the clock is behind the one that made them: an older one would be
// taken for a predecessor.
func (s KeySet) Successor(random io.Reader, now time.Time) (SigningKey, error) {
	if len(s.keys) > 0 {
		if next := s.keys[len(s.keys)-1].CreatedAt.Add(time.Second); now.Before(next) {
			now = next
		}
	}
	return NewSigningKey(random, now)
}

// Terms gives the term of every key, oldest first.
func (s KeySet) Terms() []Term {
	terms := make([]Term, len(s.keys))
	for i := range s.keys {
		terms[i] = s.term(i)
	}
	return terms
}

func (s KeySet) term(i int) Term {
	t := Term{KeyID: s.keys[i].ID, CreatedAt: s.keys[i].CreatedAt, SignsFrom: s.signsFrom(i)}
	if i+1 < len(s.keys) {
		t.SignsTill = s.signsFrom(i + 1)
		// A replica whose clock is behind goes on signing a little longer.
		t.RetiresAt = t.SignsTill.Add(Lifetime + ClockSkew)
	}
	return t
}

func (s KeySet) signsFrom(i int) time.Time {
	if i == 0 { // nobody has an older set of keys in his cache
		return s.keys[i].CreatedAt
	}
	return s.keys[i].CreatedAt.Add(PublicationLead)
}

// Signer gives the key that signs at an instant: there is always one, also for a clock that is behind the first key.
// ok is false for the zero KeySet only.
func (s KeySet) Signer(now time.Time) (k SigningKey, ok bool) {
	for i := len(s.keys) - 1; i >= 0; i-- {
		if i == 0 || !now.Before(s.signsFrom(i)) {
			return s.keys[i], true
		}
	}
	return SigningKey{}, false
}

// Verifiers gives the keys whose tokens are accepted at an instant, oldest first: those that are published.
func (s KeySet) Verifiers(now time.Time) []SigningKey { return slices.Clone(s.keys[s.retired(now):]) }

// Retired gives the keys that are of no use any more from an instant on, oldest first. Removing them changes nothing.
func (s KeySet) Retired(now time.Time) []SigningKey { return slices.Clone(s.keys[:s.retired(now)]) }

func (s KeySet) retired(now time.Time) (count int) {
	for count < len(s.keys)-1 && !now.Before(s.term(count).RetiresAt) { // a later key never retires before an older one
		count++
	}
	return count
}

// verifier finds the key of an ID among those that are accepted at an instant.
func (s KeySet) verifier(id string, now time.Time) (k SigningKey, ok bool) {
	for _, k := range s.keys[s.retired(now):] {
		if k.ID == id {
			return k, true
		}
	}
	return SigningKey{}, false
}

// JWKS gives the public halves of the accepted keys as a JSON Web Key Set (RFC 7517, RFC 8037). It may be kept for up
// to PublicationLead.
func (s KeySet) JWKS(now time.Time) []byte {
	type jwk struct {
		Type      string `json:"kty"`
		Curve     string `json:"crv"`
		Public    string `json:"x"`
		ID        string `json:"kid"`
		Algorithm string `json:"alg"`
		Use       string `json:"use"`
	}
	keys := []jwk{}
	for _, k := range s.Verifiers(now) {
		keys = append(keys, jwk{"OKP", "Ed25519", base64.RawURLEncoding.EncodeToString(k.public), k.ID, "EdDSA", "sig"})
	}
	text, err := json.Marshal(map[string][]jwk{"keys": keys})
	if err != nil { // strings only
		panic(err)
	}
	return text
}

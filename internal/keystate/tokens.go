package keystate

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// digest names a token: half of its SHA-256. To be taken for a token that is kept, another text must have the same one:
// of 2^128.
type digest [16]byte

// accepted is what is kept of a token: that its signature is good, until its end, and the number (see kept) under which it
// was not revoked.
type accepted struct{ endsAt, number uint32 }

// Tokens keeps which tokens were checked and not revoked. What a token says stands in it. It is safe for concurrent use.
type Tokens struct {
	watch *Watch
	table *table[digest, accepted]
}

// NewTokens makes room for about so many tokens; 0 keeps none.
func NewTokens(w *Watch, tokens int) *Tokens { return &Tokens{w, newTable[digest, accepted](tokens)} }

// Digest gives what a token is looked for by.
func Digest(token string) (d [16]byte) {
	sum := sha256.Sum256([]byte(token))
	copy(d[:], sum[:])
	return d
}

// Checked tells whether a token was found good and has not ended; under is to be given to Unrevoked.
func (t *Tokens) Checked(d [16]byte, now time.Time) (under uint32, ok bool) {
	s, hash := t.table.lock(d)
	defer s.mu.Unlock()
	v := s.get(d, hash)
	if v == nil || seconds(now) >= v.endsAt {
		return 0, false
	}
	return v.number, true
}

// Unrevoked tells whether a token, by its identifier (jti), is known not to be revoked now.
func (t *Tokens) Unrevoked(id string, under uint32) bool {
	last := t.watch.fresh()
	return last != nil && uint32(last.changes[store.TokenMark(id)]) == under
}

// Put keeps that a token is good until its end, and was not revoked under a mark.
func (t *Tokens) Put(d [16]byte, endsAt time.Time, m store.Mark) {
	if t.table.rows == 0 {
		return
	}
	s, hash := t.table.lock(d)
	defer s.mu.Unlock()
	*t.table.put(s, d, hash) = accepted{seconds(endsAt), uint32(m.Number)}
}

// resources is how many resource servers are kept.
const resources = 1000

// Resources keeps the verifiers of resource servers, by name. It is safe for concurrent use.
type Resources struct {
	watch *Watch
	mu    sync.RWMutex
	all   map[string]resource
}

type resource struct {
	verifier []byte
	mark     store.Mark
}

// NewResources makes room for resource servers.
func NewResources(w *Watch) *Resources { return &Resources{watch: w, all: map[string]resource{}} }

// Get gives the verifier of a resource server if it is known to be so now.
func (r *Resources) Get(name string) (verifier []byte, ok bool) {
	r.mu.RLock()
	found, ok := r.all[name]
	r.mu.RUnlock()
	if !ok || !r.watch.Counts(found.mark) {
		return nil, false
	}
	return found.verifier, true
}

// Put keeps what was read of a resource server under a mark.
func (r *Resources) Put(name string, verifier []byte, m store.Mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= resources {
		clear(r.all)
	}
	r.all[name] = resource{verifier, m}
}

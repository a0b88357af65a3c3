package keystate

import (
	"math"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// State is what is kept of a key that works.
type State struct {
	Login      string
	Generation int64
	EndsAt     time.Time // until then it works, if nothing is changed; kept to the second
	Verifier   [32]byte  // of its secret
	Current    bool      // not a replaced key in its grace period
	LastUsedAt time.Time // to the second
}

// prefix is how an Access Key begins, and rest how many characters follow: those are kept.
const (
	prefix = "AK"
	rest   = 18
)

// name is an Access Key without its prefix.
type name [rest]byte

// kept is a State as it is kept: 56 bytes and no pointer. Times are seconds since 1970, and a number of Changes has its
// last 32 bits: an old one comes again after four billion changes.
type kept struct {
	login      uint32 // where it begins in the texts
	number     uint32
	generation uint32
	endsAt     uint32
	lastUsed   uint32
	place      uint16 // in Changes
	size       uint8  // of the login
	current    bool
	verifier   [32]byte
}

// Keys keeps the states of keys, by Access Key. It is safe for concurrent use.
type Keys struct {
	watch *Watch
	table *table[name, kept]
}

// NewKeys makes room for the states of about so many keys; 0 keeps none.
func NewKeys(w *Watch, keys int) *Keys { return &Keys{w, newTable[name, kept](keys)} }

// Get gives the state of a key if it is known to be so now.
func (k *Keys) Get(accessKey string) (state State, ok bool) {
	n, ok := nameOf(accessKey)
	last := k.watch.fresh()
	if !ok || last == nil {
		return State{}, false
	}
	s, hash := k.table.lock(n)
	defer s.mu.Unlock()
	v := s.get(n, hash)
	if v == nil || uint32(last.changes[v.place]) != v.number {
		return State{}, false
	}
	return State{
		Login: string(s.texts[v.login : v.login+uint32(v.size)]), Generation: int64(v.generation), Current: v.current,
		EndsAt: time.Unix(int64(v.endsAt), 0), Verifier: v.verifier, LastUsedAt: time.Unix(int64(v.lastUsed), 0),
	}, true
}

// Put keeps what was read of a key under a mark. A read that took long may be older than what is there: then its mark
// counts no longer, and neither does what it said.
func (k *Keys) Put(accessKey string, state State, m store.Mark) {
	n, ok := nameOf(accessKey)
	ends := state.EndsAt.Unix()
	if !ok || k.table.rows == 0 || len(state.Login) > math.MaxUint8 || state.Generation > math.MaxUint32 || ends > math.MaxUint32 {
		return
	}
	s, hash := k.table.lock(n)
	defer s.mu.Unlock()
	v := k.table.put(s, n, hash)
	if string(s.texts[v.login:v.login+uint32(v.size)]) != state.Login {
		v.login, v.size = uint32(len(s.texts)), uint8(len(state.Login))
		s.texts = append(s.texts, state.Login...)
	}
	v.number, v.place, v.generation = uint32(m.Number), uint16(m.Place), uint32(state.Generation)
	v.endsAt, v.lastUsed, v.current, v.verifier = uint32(ends), seconds(state.LastUsedAt), state.Current, state.Verifier
}

// Used notes the last use of a key, if the key is kept.
func (k *Keys) Used(accessKey string, at time.Time) {
	n, ok := nameOf(accessKey)
	if !ok {
		return
	}
	s, hash := k.table.lock(n)
	defer s.mu.Unlock()
	if v := s.get(n, hash); v != nil {
		v.lastUsed = max(v.lastUsed, seconds(at))
	}
}

func nameOf(accessKey string) (n name, ok bool) {
	if len(accessKey) != len(prefix)+rest || !strings.HasPrefix(accessKey, prefix) {
		return n, false
	}
	copy(n[:], accessKey[len(prefix):])
	return n, true
}

// seconds gives the seconds since 1970, 0 for the zero time and all that was before.
func seconds(at time.Time) uint32 { return uint32(max(at.Unix(), 0)) }

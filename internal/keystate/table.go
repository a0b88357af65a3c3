package keystate

import (
	"hash/maphash"
	"sync"
)

// segments is how many parts a table has, each with a lock of its own. A part that is full starts anew: that bounds the
// memory, and costs each of its rows one read.
const segments = 64

// table is a map without pointers, so that the garbage collector has nothing to follow however many rows there are, and
// with little beside the rows: a map of Go and a cache library take twice the memory (docs/adr/0009).
type table[K comparable, V any] struct {
	seed  maphash.Seed
	rows  int // of a segment, at most
	parts [segments]segment[K, V]
}

type segment[K comparable, V any] struct {
	mu    sync.Mutex
	index []uint32 // 1 + place of a row, by its hash; 0 = none. Its length is a power of two
	rows  []row[K, V]
	texts []byte // what rows have of varying length
}

type row[K comparable, V any] struct {
	key   K
	value V
}

// newTable makes a table for about so many rows.
func newTable[K comparable, V any](rows int) *table[K, V] {
	return &table[K, V]{seed: maphash.MakeSeed(), rows: (rows + segments - 1) / segments}
}

// lock gives the segment of a key, locked, and where its row would be.
func (t *table[K, V]) lock(key K) (s *segment[K, V], hash uint64) {
	hash = maphash.Comparable(t.seed, key)
	s = &t.parts[hash%segments]
	s.mu.Lock()
	return s, hash / segments
}

// get gives the row of a key, nil if there is none. It may be used until the segment is unlocked.
func (s *segment[K, V]) get(key K, hash uint64) *V {
	if len(s.index) == 0 {
		return nil
	}
	mask := uint64(len(s.index) - 1)
	for at := hash & mask; s.index[at] != 0; at = (at + 1) & mask {
		if r := &s.rows[s.index[at]-1]; r.key == key {
			return &r.value
		}
	}
	return nil
}

// put gives the row of a key, a new one if there is none.
func (t *table[K, V]) put(s *segment[K, V], key K, hash uint64) *V {
	if v := s.get(key, hash); v != nil {
		return v
	}
	if len(s.rows) >= t.rows {
		clear(s.index)
		s.rows, s.texts = s.rows[:0], s.texts[:0]
	}
	if 4*(len(s.rows)+1) > 3*len(s.index) {
		s.grow(t)
	}
	if len(s.rows) == cap(s.rows) { // by a fifth: append would double
		s.rows = append(make([]row[K, V], 0, min(len(s.rows)+len(s.rows)/5+8, t.rows)), s.rows...)
	}
	s.rows = append(s.rows, row[K, V]{key: key})
	s.insert(hash, uint32(len(s.rows)))
	return &s.rows[len(s.rows)-1].value
}

func (s *segment[K, V]) insert(hash uint64, place uint32) {
	mask := uint64(len(s.index) - 1)
	at := hash & mask
	for s.index[at] != 0 {
		at = (at + 1) & mask
	}
	s.index[at] = place
}

func (s *segment[K, V]) grow(t *table[K, V]) {
	s.index = make([]uint32, max(2*len(s.index), 16))
	for i := range s.rows {
		s.insert(maphash.Comparable(t.seed, s.rows[i].key)/segments, uint32(i+1))
	}
}

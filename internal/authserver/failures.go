package authserver

import (
	"strings"
	"sync"
	"time"
)

// How many wrong secrets of one key may come from one address within a window before the answer is to wait, and of
// how many keys and addresses is counted. A secret has 256 random bits: the limit is not against guessing, it tells
// who has the wrong one to stop asking.
const (
	failureWindow = time.Minute
	failuresOpen  = 20
	failureNames  = 50_000
)

// failures counts wrong secrets by key and address, within windows of time that all begin at once: the memory is
// bounded (some 10 MB) and an attacker can't push anybody else out. Each replica counts for itself.
type failures struct {
	mu     sync.Mutex
	begins time.Time
	counts map[failure]int
}

// failure is who failed at what. Both are cut to what a real one is long, so that a flood of long names takes no room.
type failure struct{ from, name string }

// count notes a failure and gives how long to wait, 0 for not at all.
func (f *failures) count(now time.Time, from, name string) (wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ends := f.begins.Add(failureWindow)
	if f.counts == nil || !now.Before(ends) || now.Before(f.begins) {
		f.begins, f.counts = now, map[failure]int{}
		ends = now.Add(failureWindow)
	}
	who := failure{clipped(from, 45), clipped(name, 32)}
	if _, known := f.counts[who]; !known && len(f.counts) >= failureNames {
		return 0
	}
	f.counts[who]++
	if f.counts[who] <= failuresOpen {
		return 0
	}
	return ends.Sub(now)
}

// clipped gives a copy: a part of a text would keep the whole of it, a request's body, in memory.
func clipped(text string, size int) string { return strings.Clone(text[:min(len(text), size)]) }

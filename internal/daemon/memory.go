package daemon

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// garbageRoom is how much garbage may come together before it is collected. By default that is as much as is in use: for a
// small service 4 MB, which an introspection a thousand times a second fills all the time, and for one with a million keys
// in memory twice what they take.
const garbageRoom = 20 << 20

// The bounds of the percentage that comes to, which is the garbage collector's measure.
const (
	leastPercent = 8
	mostPercent  = 800
)

// keepRoom sets the garbage collector by what is in use, after each collection anew: a percentage that is right for little
// is too much for what a burst of requests holds. The operator's GOGC counts, if it is set. The function it gives ends it.
func keepRoom(getenv func(string) string) (stop func()) {
	if getenv("GOGC") != "" {
		return func() {}
	}
	var stopped atomic.Bool
	var again func(struct{})
	again = func(struct{}) {
		if stopped.Load() {
			return
		}
		makeRoom()
		// Nothing holds the mark: what is run when it is collected is run after every collection.
		runtime.AddCleanup(new([64]byte), again, struct{}{})
	}
	again(struct{}{})
	return func() { stopped.Store(true) }
}

func makeRoom() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	used := max(sample[0].Value.Uint64(), 1<<20)
	debug.SetGCPercent(int(min(max(garbageRoom*100/used, leastPercent), mostPercent)))
}

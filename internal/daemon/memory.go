package daemon

import (
	"runtime/debug"
	"runtime/metrics"
)

// garbageRoom is how much garbage may come together before it is collected. By default that is as much as is in use: for a
// small service 4 MB, which an introspection a thousand times a second fills all the time, and for one with a million keys
// in memory twice what they take.
const garbageRoom = 24 << 20

// The bounds of the percentage that comes to, which is the garbage collector's measure.
const (
	leastPercent = 15
	mostPercent  = 800
)

// makeRoom sets the garbage collector by what is in use now. The operator's GOGC counts, if it is set.
func makeRoom(getenv func(string) string) {
	if getenv("GOGC") != "" {
		return
	}
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	used := max(sample[0].Value.Uint64(), 1<<20)
	debug.SetGCPercent(int(min(max(garbageRoom*100/used, leastPercent), mostPercent)))
}

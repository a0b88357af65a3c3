//go:build failpoint && unix

// Package failpoint lets the fault tests end the program at a named step, and move its clock.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	mu   sync.Mutex
	hits = map[string]int{} //nolint:gochecknoglobals // how often each step was met; only in a build for fault tests
)

// Hit ends this process if APIKEY_FAILPOINT names the step, or names it with the number of the meeting: "stored",
// "stored:2". It is killed with SIGKILL, so that no deferred call runs and no buffer is flushed; with
// APIKEY_FAILPOINT_DOES=panic it panics.
func Hit(step string) {
	name, number, counted := strings.Cut(os.Getenv("APIKEY_FAILPOINT"), ":")
	if name != step {
		return
	}
	mu.Lock()
	hits[step]++
	met := hits[step]
	mu.Unlock()
	if counted && strconv.Itoa(met) != number {
		return
	}
	if os.Getenv("APIKEY_FAILPOINT_DOES") == "panic" {
		panic("failpoint " + step)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until it arrives
}

// Clock gives the clock, moved by the duration in APIKEY_FAILPOINT_CLOCK.
func Clock(now func() time.Time) func() time.Time {
	offset, err := time.ParseDuration(os.Getenv("APIKEY_FAILPOINT_CLOCK"))
	if err != nil {
		return now
	}
	return func() time.Time { return now().Add(offset) }
}

package authserver

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestFailures_Windows(t *testing.T) {
	var f failures
	for i := range failuresOpen {
		if wait := f.count(start, "192.0.2.1", "AK"); wait != 0 {
			t.Fatalf("failure %d waits %v", i+1, wait)
		}
	}
	for _, step := range []struct {
		name       string
		at         time.Duration
		from, whom string
		want       time.Duration
	}{
		{"one more", 0, "192.0.2.1", "AK", failureWindow},
		{"later", 59 * time.Second, "192.0.2.1", "AK", time.Second},
		{"another key", 59 * time.Second, "192.0.2.1", "AK2", 0},
		{"another address", 59 * time.Second, "192.0.2.2", "AK", 0},
		{"the next window", failureWindow, "192.0.2.1", "AK", 0},
		{"the clock put back", -time.Hour, "192.0.2.1", "AK", 0},
	} {
		if wait := f.count(start.Add(step.at), step.from, step.whom); wait != step.want {
			t.Errorf("%s: waits %v, want %v", step.name, wait, step.want)
		}
	}
}

// TestFailures_Flood_TakesNoRoom: names without end, each a part of a large request. What they were cut from is not kept,
// and who failed before goes on being counted.
func TestFailures_Flood_TakesNoRoom(t *testing.T) {
	var f failures
	for range failuresOpen {
		f.count(start, "192.0.2.1", "AK")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range failureNames + 1000 {
		request := fmt.Sprintf("%032d", i) + strings.Repeat("x", 8<<10)
		f.count(start, "198.51.100.1", request)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(f.counts) != failureNames {
		t.Errorf("%d are counted, want %d", len(f.counts), failureNames)
	}
	const most = 64 << 20 // the requests had 400 MB
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
		t.Errorf("the memory grew by %d bytes", grown)
	}
	if f.count(start, "192.0.2.1", "AK") == 0 {
		t.Error("who failed before is forgotten")
	}
	runtime.KeepAlive(&f)
}

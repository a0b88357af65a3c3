//go:build !failpoint || !unix

// Package failpoint lets the fault tests end the program at a named step, and move its clock. In a normal build it is
// nothing at all.
package failpoint

import "time"

// Hit marks a step. It does nothing in this build.
func Hit(string) {}

// Clock gives the clock as it is.
func Clock(now func() time.Time) func() time.Time { return now }

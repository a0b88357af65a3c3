//go:build !failpoint || !unix

// Package failpoint lets the fault tests kill the program at a named step. In a normal build it is nothing at all.
package failpoint

// Hit marks a step. It does nothing in this build.
func Hit(string) {}

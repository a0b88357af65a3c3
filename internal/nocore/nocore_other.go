//go:build !linux

package nocore

// Set does nothing here: on these systems cores are not dumped by default.
func Set() {}

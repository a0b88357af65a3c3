//go:build failpoint && unix

// Package failpoint lets the fault tests kill the program at a named step.
package failpoint

import (
	"os"
	"syscall"
)

// Hit kills this process with SIGKILL if APIKEY_FAILPOINT names the step: no deferred call runs, no buffer is flushed.
func Hit(step string) {
	if os.Getenv("APIKEY_FAILPOINT") == step {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it arrives
	}
}

package testkit

import "golang.org/x/sys/unix"

// getTermios is the request that reads a terminal's modes.
const getTermios = unix.TCGETS

// Command apikeyd is the key service behind apikey.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/daemon"
	"github.com/apikey-cli/apikey/internal/nocore"
	"github.com/apikey-cli/apikey/internal/term"
)

// version is set by the release build.
var version string

func main() {
	nocore.Set()
	os.Exit(run(os.Args[1:], time.Now))
}

// run runs a command line by a clock and gives the exit status.
func run(args []string, now func() time.Time) int {
	return daemon.Exit(daemon.Run(context.Background(), &daemon.Env{
		IO: term.System(os.Stdin, os.Stdout, os.Stderr, os.Getenv), Getenv: os.Getenv, GOOS: runtime.GOOS,
		Now: now, Random: rand.Reader, Version: func() command.Version { return command.Build(version) }, Signals: signals,
	}, args))
}

// signals gives the signals that end or reload a run. Two can come while one is acted on.
func signals() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

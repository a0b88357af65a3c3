// Command reference writes what is generated from the command tree: the shell completions in completions/, the man
// pages in docs/man/ and the command reference in docs/commands.md. Its test fails when they are stale.
package main

import (
	"fmt"
	"os"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference FOLDER")
		os.Exit(2)
	}
	if err := writeAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

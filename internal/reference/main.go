// Command reference writes what is generated from the code: the shell completions in completions/, the man pages in
// docs/man/, the command reference in docs/commands.md and the description of the key API in docs/openapi.yaml. Its test
// fails when they are stale.
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

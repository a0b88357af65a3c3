//go:build unix

package main

import "syscall"

// replace runs a program in place of this one: signals, terminal and exit status are the program's own then.
func replace(path string, argv, environ []string) (int, error) {
	return 0, syscall.Exec(path, argv, environ)
}

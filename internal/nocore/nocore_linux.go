package nocore

import "golang.org/x/sys/unix"

// Set keeps what is in the memory of this process from files and from other processes of the same user: it is not dumped
// and cannot be looked into (prctl(2), PR_SET_DUMPABLE). A limit of the size of cores would not do: it does not hold
// where cores are piped to a program, and programs that are started from here would inherit it. This setting ends with
// the program.
func Set() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // it can't fail with these arguments
}

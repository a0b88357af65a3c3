//go:build unix

package secretstore

import (
	"io/fs"
	"os"
	"syscall"
)

// owned tells whether a file belongs to the user of this process.
func owned(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// trusted tells whether nobody but this user and root can write a file.
func trusted(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid()) && info.Mode().Perm()&0o022 == 0
}

// exposed tells whether a file of this user can be read or written by others.
func exposed(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && owned(info) && info.Mode().Perm()&0o077 != 0
}

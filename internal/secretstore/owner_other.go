//go:build !unix

package secretstore

import "io/fs"

// owned has no meaning here: the mode check refuses the store before.
func owned(fs.FileInfo) bool { return true }

// trusted has no meaning here: the modes of files are not kept.
func trusted(fs.FileInfo) bool { return true }

// exposed has no meaning here: the modes of files are not kept.
func exposed(fs.FileInfo) bool { return false }

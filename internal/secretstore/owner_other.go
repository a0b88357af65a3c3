//go:build !unix

package secretstore

import "io/fs"

// owned has no meaning here: the mode check refuses the store before.
func owned(fs.FileInfo) bool { return true }

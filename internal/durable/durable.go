// Package durable writes small private files so that they survive a crash: after a call returned, the file is there
// whole, with its mode, even if the power fails; before that, the old file is. It knows nothing of what is in them.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// WriteFile replaces a file by data with mode 0600: temporary file beside it, fsync, rename, fsync of the folder. The
// folder must exist.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // CreateTemp makes it 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// Remove removes a file and fsyncs its folder. A file that is not there is no error, and costs no fsync.
func Remove(path string) error {
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// MkdirAll makes a folder and its parents with mode 0700.
func MkdirAll(path string) error { return os.MkdirAll(path, 0o700) }

// SyncDir makes renames and removals in a folder durable. Windows has no such call: there the rename is enough.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

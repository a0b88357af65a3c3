// Package durable writes small private files so that they survive a crash: after a call returned, the file is there
// whole, with its mode, even if the power fails; before that, the old file is. It knows nothing of what is in them.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// mark is in the name of every temporary file, between the name of the file it is for and a random end: what a process
// that was killed left behind can be told from what belongs to others, such as an editor's.
const mark = ".apikey-"

// tries is how often a write begins anew whose temporary file another process has swept away. Each time that other one
// has come to its end.
const tries = 100

// WriteFile replaces a file by data with mode 0600: temporary file beside it, fsync, rename, fsync of the folder. The
// folder must exist. What earlier writes of the same file left behind when they were killed is removed: it may hold a
// secret.
func WriteFile(path string, data []byte) error {
	dir, base := filepath.Split(path)
	dir = filepath.Clean(dir)
	for try := 1; ; try++ {
		f, err := os.CreateTemp(dir, "."+base+mark+"*") // CreateTemp makes it 0600
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
			if errors.Is(err, fs.ErrNotExist) && try < tries { // another process writes the same file, and swept
				continue
			}
		}
		if err != nil {
			return errors.Join(err, removed(f.Name()))
		}
		Sweep(dir, func(name string) bool { return name == base })
		return SyncDir(dir)
	}
}

// Sweep removes from a folder the temporary files of writes that were cut short. mine says whether to, by the name of
// the file the write was for. A write that is underway loses its file too, and begins anew. What can't be removed stays
// for the next time.
func Sweep(dir string, mine func(name string) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		hidden, isHidden := strings.CutPrefix(e.Name(), ".")
		name, _, isTemporary := strings.Cut(hidden, mark)
		if isHidden && isTemporary && e.Type().IsRegular() && mine(name) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Probe proves that a file can be made in a folder and takes data, and leaves nothing behind.
func Probe(dir string) error {
	f, err := os.CreateTemp(dir, "."+probe+mark+"*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("probe\n")
	err = errors.Join(err, f.Close(), removed(f.Name()))
	Sweep(dir, func(name string) bool { return name == probe })
	return err
}

// probe is the name of the file a probe is for; there is none.
const probe = "probe"

// removed removes a file that may have been swept away.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
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

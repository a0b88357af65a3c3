//go:build unix

package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The modes are private whatever the umask is. It belongs to the whole process: this test is not parallel.
func TestOpen_FilesArePrivate(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077, 0o277} {
		dir := filepath.Join(t.TempDir(), "data")
		if umask == 0o277 { // a folder made under it could not be written
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "apikey.db")
		old := syscall.Umask(umask)
		s := open(t, path)
		err := s.Write(context.Background(), addAccount)
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]os.FileMode{
			dir: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
		} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != want {
				t.Errorf("umask %03o: %s is %v, want %v", umask, filepath.Base(name), info.Mode(), want)
			}
		}
		if info, err := os.Stat(path + ".lock"); err != nil || info.Mode().Perm()&^0o600 != 0 {
			t.Errorf("umask %03o: the lock file is %v (%v)", umask, info.Mode(), err)
		}
	}
}

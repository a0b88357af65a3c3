package durable_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apikey-cli/apikey/internal/durable"
)

func TestWriteFile_ReplacesWhole_Private_LeavesNothingBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("an older and longer text"), 0o644); err != nil { //nolint:gosec // to be replaced
		t.Fatal(err)
	}
	if err := durable.WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestWriteFile_Fails_LeavesTheOldFileAndNothingBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil { // a folder can't be replaced by a file
		t.Fatal(err)
	}
	if err := durable.WriteFile(path, []byte("new")); err == nil {
		t.Fatal("no error")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if err := durable.WriteFile(filepath.Join(dir, "no", "where"), nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}

func TestRemove_IsNoErrorTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := durable.WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := durable.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}

// TestWriteFile_RemovesWhatKilledWritesLeft: a temporary file of the same file may hold a secret. What belongs to others
// stays.
func TestWriteFile_RemovesWhatKilledWritesLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".a.apikey-1", ".b.apikey-1", ".a.swp", "a.apikey-2", ".probe.apikey-3"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := durable.WriteFile(filepath.Join(dir, "a"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := durable.Probe(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != ".a.swp .b.apikey-1 a a.apikey-2" {
		t.Errorf("left: %s", got)
	}
}

// TestWriteFile_ManyAtOnce_AllSucceed: a write whose temporary file another one swept away begins anew.
func TestWriteFile_ManyAtOnce_AllSucceed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if err := durable.WriteFile(path, []byte("whole")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("%q %v", got, err)
	}
}

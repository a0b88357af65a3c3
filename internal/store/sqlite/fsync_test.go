package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// An fsync is what a command on a slow disk spends its time on. The numbers are for whole processes: open, work, close.
// Fewer is better and to be noted here; more is a mistake.
func TestProcess_Fsyncs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts with strace, which is for Linux")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		testkit.Missing(t, "strace", err.Error(), "apt-get install strace")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "db", "apikey.db")
	for _, step := range []struct {
		name, work string
		want       int
	}{
		// SQLite makes a file with a rollback journal (journal 2, folder 1, file 1) before it can have a write-ahead log;
		// then log header, folder, migration, the write, and the checkpoint (log, file).
		{"on a fresh folder", "first", 11},
		// Header of the log, folder, commit; checkpoint: log, file.
		{"a write", "write", 5},
		{"a read", "read", 0},
	} {
		trace := filepath.Join(dir, step.work)
		cmd := command(t, step.work, path, strace, "-f", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", trace)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", step.name, err, out)
		}
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		calls := regexp.MustCompile(`(?m)^.*sync\w*\(.*$`).FindAll(text, -1)
		if len(calls) != step.want {
			t.Errorf("%s: %d fsyncs, want %d\n%s", step.name, len(calls), step.want, text)
		}
	}
}

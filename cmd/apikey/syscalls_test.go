//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// traced runs a command of a user, which must succeed, under strace and gives the lines of its trace.
func (s script) traced(calls string, args ...string) []string {
	s.t.Helper()
	lines, out, err := s.strace(calls, args...)
	if err != nil {
		s.t.Fatalf("apikey %v: %v\n%s", args, err, out)
	}
	return lines
}

func (s script) strace(calls string, args ...string) (lines []string, output string, failed error) {
	s.t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		testkit.Missing(s.t, "strace", err.Error(), "apt-get install strace")
	}
	log := filepath.Join(s.t.TempDir(), "trace")
	cmd := exec.Command(strace, append([]string{"-f", "-qq", "-y", "-e", "trace=" + calls, "-e", "signal=none", "-o", log, s.path}, args...)...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "ptrace") {
		testkit.Missing(s.t, "strace", string(out), "run where ptrace is allowed")
	}
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		s.t.Fatal(readErr)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n"), string(out), err
}

// TestOpensNothing: what needs no key opens no database, no socket and nothing of the user's.
func TestOpensNothing(t *testing.T) {
	s := newScript(t, testkit.Build(t, program), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	s.does("generate")
	home := strings.TrimPrefix(s.env[0], "HOME=")
	for _, args := range [][]string{
		{"--version"}, {"version"}, {"--help"}, {"help", "generate"}, {"__complete", "st"}, {"__complete", "status", "--output", ""},
		{"completion", "bash"}, {"completion", "zsh"},
	} {
		for _, line := range s.traced("%file,%network,%process", args...) {
			if strings.Contains(line, home) || strings.Contains(line, "socket(") || strings.Contains(line, "connect(") {
				t.Errorf("apikey %v: %s", args, line)
			}
			if strings.Contains(line, "execve(") && !strings.Contains(line, s.path) {
				t.Errorf("apikey %v starts another program: %s", args, line)
			}
		}
	}
}

// TestStatus_LooksAtNoKeyring: where the secret is kept is known from a note; nothing is asked for it.
func TestStatus_LooksAtNoKeyring(t *testing.T) {
	s := newScript(t, testkit.Build(t, program))
	s.does("generate")
	s.env = append(s.env, "APIKEY_STORE=keyring", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus")
	for _, args := range [][]string{{"status"}, {"status", "-o", "json"}, {"check"}, {"history"}, {"disable", "--yes"}, {"activate", "--yes"}} {
		for _, line := range s.traced("%network,execve", args...) {
			if strings.Contains(line, "socket(") || strings.Contains(line, "execve(") && !strings.Contains(line, s.path) {
				t.Errorf("apikey %v: %s", args, line)
			}
		}
	}
}

// TestFsyncs: what an action costs in waits for the disk. More is slower, less is not durable: both are to be noticed.
func TestFsyncs(t *testing.T) {
	s := newScript(t, testkit.Build(t, program))
	what := regexp.MustCompile(`f(?:data)?sync\(\d+<([^>]*)>`)
	home := strings.TrimPrefix(s.env[0], "HOME=")
	s.does("status") // makes the database
	for _, test := range []struct {
		args []string
		want []string // the files, in order; a folder ends with /
	}{
		{[]string{"status"}, nil},
		{[]string{"generate"}, []string{
			"pending.json", "accounts/", // the record, before the call
			"apikey.db-wal", "local/", "apikey.db-wal", // the change, its reply and its event: one transaction
			"secret", "secrets/",
			"kept.json", "accounts/",
			"accounts/",                  // the record is dropped
			"apikey.db-wal", "apikey.db", // the log is brought into the database at the end
		}},
		{[]string{"check"}, nil},
		{[]string{"disable", "--yes"}, []string{"apikey.db-wal", "local/", "apikey.db-wal", "apikey.db-wal", "apikey.db"}},
		{[]string{"disable", "--yes"}, nil},
		{[]string{"activate", "--yes"}, []string{"apikey.db-wal", "local/", "apikey.db-wal", "apikey.db-wal", "apikey.db"}},
	} {
		var got []string
		for _, line := range s.traced("fsync,fdatasync", test.args...) {
			if m := what.FindStringSubmatch(line); m != nil {
				got = append(got, nickname(strings.TrimPrefix(m[1], home+"/.local/share/apikey/")))
			}
		}
		if strings.Join(got, " ") != strings.Join(test.want, " ") {
			t.Errorf("apikey %s:\n got %v\nwant %v", strings.Join(test.args, " "), got, test.want)
		}
	}
}

// nickname takes the random parts out of a path.
func nickname(path string) string {
	base := filepath.Base(path)
	switch {
	case strings.Contains(base, "pending.json"):
		return "pending.json"
	case strings.Contains(base, "kept.json"):
		return "kept.json"
	case strings.HasPrefix(path, "accounts/"):
		return "accounts/"
	case path == "secrets", path == "local":
		return path + "/"
	case strings.HasPrefix(path, "secrets/"):
		return "secret"
	default:
		return base
	}
}

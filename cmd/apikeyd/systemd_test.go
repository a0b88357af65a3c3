//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestUnit_IsOneToSystemd: systemd finds nothing wrong with the unit, nor with what it may still do.
func TestUnit_IsOneToSystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		testkit.Missing(t, "systemd", err.Error(), "apt-get install systemd")
	}
	unit, err := os.ReadFile("../../docs/systemd/apikeyd.service")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable() // systemd wants to see the program
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "apikeyd.service")
	text := strings.Replace(string(unit), "/usr/bin/apikeyd", program, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--man=no", path},
		{"security", "--offline=true", "--threshold=20", path}, // of 100; a unit without any of it has 96
	} {
		out, err := exec.Command(analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

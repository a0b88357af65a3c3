package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds a program of this module as a release does, with build tags added, and gives its path.
func Build(t testing.TB, pkg string, tags ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "apikey-build-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, filepath.Base(pkg))
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", path}
	for _, tag := range tags {
		args = append(args, "-tags="+tag)
	}
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
	return path
}

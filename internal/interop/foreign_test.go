package interop_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestNode: npm's openid-client and oauth4webapi.
func TestNode(t *testing.T) {
	const install = "apt-get install -y nodejs npm"
	node, npm := program(t, "node", install), program(t, "npm", install)
	dir := t.TempDir() // not in the source tree: what npm installs stays out of it
	if err := os.CopyFS(dir, os.DirFS("testdata/node")); err != nil {
		t.Fatal(err)
	}
	fetch := exec.Command(npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	fetch.Dir = dir
	if out, err := fetch.CombinedOutput(); err != nil {
		testkit.Missing(t, "clients", "npm ci failed: "+string(out), "npm ci, with a network")
	}
	s := start(t)
	cmd := exec.Command(node, "clients.mjs")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), s.env()...)
	if out := run(t, cmd); out != "ok\n" {
		t.Errorf("it says %q", out)
	}
}

// TestPython: Authlib, of Debian.
func TestPython(t *testing.T) {
	const python, install = "/usr/bin/python3", "apt-get install -y python3-authlib python3-requests"
	if out, err := exec.Command(python, "-c", "import authlib, requests").CombinedOutput(); err != nil {
		testkit.Missing(t, "clients", "Authlib is not installed: "+string(out), install)
	}
	s := start(t)
	script, err := filepath.Abs("testdata/authlib_client.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, script)
	cmd.Dir, cmd.Env = t.TempDir(), append(s.env(), "PYTHONDONTWRITEBYTECODE=1")
	if out := run(t, cmd); out != "ok\n" {
		t.Errorf("it says %q", out)
	}
}

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencies: what only a server needs, or what would slow every start, is not linked into the tool.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("only %d packages", len(deps))
	}
	for _, dep := range deps {
		for _, forbidden := range []string{
			"github.com/jackc/pgx", "github.com/danielgtaylor/huma", "github.com/prometheus", "github.com/wneessen/go-mail",
			"github.com/pressly/goose", "github.com/charmbracelet/huh", "github.com/charmbracelet/bubbletea",
			"github.com/creack/pty", "github.com/hinshun/vt10x", "testing", "github.com/apikey-cli/apikey/internal/testkit",
		} {
			if dep == forbidden || strings.HasPrefix(dep, forbidden+"/") {
				t.Errorf("%s is linked in", dep)
			}
		}
	}
}

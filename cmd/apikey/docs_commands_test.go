//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// onlyShown matches the blocks of commands that need what a test has not: a server somewhere, a person's password.
var onlyShown = regexp.MustCompile("(?ms)^```text\n(.*?)^```$")

// ofOurs finds a command of ours in a line, up to what the shell makes of the rest.
var ofOurs = regexp.MustCompile(`(?:^|[\s(])(apikeyd? [^|<>;#()]*)`)

// TestDocs_EveryCommandIsOne: what is shown without being run has a command and flags that the programs know.
func TestDocs_EveryCommandIsOne(t *testing.T) {
	bin := map[string]string{"apikey": testkit.Build(t, program), "apikeyd": testkit.Build(t, service)}
	tried := map[string]bool{}
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join(moduleRoot, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range onlyShown.FindAllStringSubmatch(string(text), -1) {
			for _, line := range strings.Split(block[1], "\n") {
				found := ofOurs.FindStringSubmatch(strings.TrimPrefix(line, "sudo -u apikeyd "))
				if found == nil || strings.HasPrefix(line, "sudo ") && !strings.HasPrefix(line, "sudo -u ") || tried[found[1]] {
					continue
				}
				tried[found[1]] = true
				wantKnown(t, page, bin, strings.Fields(found[1]))
			}
		}
	}
	if len(tried) < 30 {
		t.Errorf("only %d commands were found", len(tried))
	}
}

// wantKnown asks for the help of a command line, which a program has only for what it knows.
func wantKnown(t *testing.T, page string, bin map[string]string, words []string) {
	t.Helper()
	args := slices.Clone(words[1:])
	if rest := slices.Index(args, "--"); rest >= 0 {
		args = args[:rest]
	}
	cmd := exec.Command(bin[words[0]], append(args, "--help")...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	help, err := cmd.CombinedOutput()
	known := words[0]
	if !strings.HasPrefix(words[1], "-") {
		known += " " + words[1]
	}
	if err != nil || !strings.Contains(string(help), "\n  "+known) {
		t.Errorf("%s: %s: %v\n%s", page, strings.Join(words, " "), err, help)
	}
}

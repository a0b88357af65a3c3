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
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

const moduleRoot = "../.."

// compiles is how long an example may take: some build the program first.
const compiles = 10 * time.Minute

// itself lists the examples that run the tests, this one among them.
var itself = []string{"go test ./...", ".ci/run"}

var fence = regexp.MustCompile("(?ms)^```(sh|yaml)\n(.*?)^```$")

// makesKey matches the commands that make the first key of an account.
var makesKey = regexp.MustCompile(`apikey generate\b|cmd/apikey generate\b`)

// TestDocs_EveryExampleRuns runs each example of the README and of docs/ as a person at a terminal would, who answers
// every pop-up with its button. Each block starts with a key, unless it makes one, and with a .env file of it.
func TestDocs_EveryExampleRuns(t *testing.T) {
	files, err := filepath.Glob(moduleRoot + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(testkit.Build(t, program)) + ":" + filepath.Dir(testkit.Build(t, service))
	ran := 0
	for _, file := range append(files, moduleRoot+"/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
			reader := newReader(t, bin)
			if block[1] == "yaml" {
				reader.configures(file, block[2])
				continue
			}
			if strings.Contains(block[2], "apikeyd serve") {
				ran++
				t.Run(filepath.Base(file), func(t *testing.T) {
					if strings.Contains(block[2], "oathtool") {
						needsOathtool(t)
					}
					newReader(t, bin).serves(file, block[2])
				})
				continue
			}
			if !makesKey.MatchString(block[2]) {
				reader.prepares()
			}
			for _, line := range strings.Split(strings.TrimSpace(block[2]), "\n") {
				if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") || slices.Contains(itself, line) {
					continue
				}
				reader.types(file, line)
				ran++
			}
		}
	}
	if ran < 20 {
		t.Errorf("only %d examples were found", ran)
	}
}

// reader is a person who tries what they read.
type reader struct {
	t    *testing.T
	env  []string
	dir  string
	root string
}

func newReader(t *testing.T, bin string) reader {
	t.Helper()
	root, err := filepath.Abs(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + t.TempDir(), "PATH=" + bin + ":" + os.Getenv("PATH"), "TERM=xterm-256color", "APIKEY_STORE=file", "GOBIN=" + t.TempDir()}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS", "CGO_ENABLED"} { // a new HOME must not mean new downloads
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return reader{t, env, t.TempDir(), root}
}

func (r reader) prepares() {
	r.t.Helper()
	r.types("before the example", "apikey generate && apikey secret -o env > .env")
}

// configures writes an example of the configuration and sees that it is understood.
func (r reader) configures(file, text string) {
	r.t.Helper()
	dir := filepath.Join(strings.TrimPrefix(r.env[0], "HOME="), ".config", "apikey")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.types(file, "apikey status")
}

// serves runs a whole example at once, since a service that it starts has to be there until its end. The first command
// that fails ends it.
func (r reader) serves(file, text string) {
	r.t.Helper()
	script := "set -e -o pipefail; trap 'kill $(jobs -p); wait' EXIT\n" + text
	cmd := exec.Command("/bin/bash", "-c", script)
	cmd.Env, cmd.Dir = r.env, r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("%s: %v\n%s\n%s", file, err, text, out)
	}
}

// types runs a line in a shell on a terminal, answering every pop-up and leaving the panel.
func (r reader) types(file, line string) {
	r.t.Helper()
	dir := r.dir
	if strings.Contains(line, "./cmd/") { // an example for the source folder
		dir = r.root
	}
	term := testkit.StartTerminal(r.t, testkit.TerminalOptions{Env: r.env, Dir: dir, Cols: 100, Rows: 40, Patience: compiles}, "/bin/bash", "-c", "set -o pipefail; "+line)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			switch screen := term.Screen(); {
			case strings.Contains(screen, "[ Cancel ]"):
				term.Send("y")
				return
			case strings.Contains(screen, "q quit"): // the panel
				term.Send("q")
				return
			}
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	if status := term.Wait(); status != 0 {
		r.t.Errorf("%s: %s\nexit status %d\n%s", file, line, status, term.Screen())
	}
}

//go:build unix

package main

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/apikey-cli/apikey/internal/testkit"
)

const images = "../../docs/images"

// TestShipped_SayWhatTheProgramsSay takes each picture anew, and compares its words with those of the one in the docs. A
// screen that was changed and whose picture was not is found here; `go run ./internal/picture docs/images` makes them.
func TestShipped_SayWhatTheProgramsSay(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		testkit.Missing(t, "pty", err.Error(), "mount -t devpts devpts /dev/pts")
	}
	_ = master.Close()
	_ = slave.Close()
	bin := t.TempDir()
	for _, program := range []string{"apikey", "apikeyd"} {
		built := testkit.Build(t, "github.com/apikey-cli/apikey/cmd/"+program)
		if err := os.Symlink(built, filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range shots {
		shipped, err := os.ReadFile(filepath.Join(images, s.name+".svg"))
		if err != nil {
			t.Error(err)
			continue
		}
		taken, err := s.take(bin)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if got, want := words(string(shipped)), words(taken); got != want {
			t.Errorf("%s.svg is stale: go run ./internal/picture docs/images\nit says:\n%s\nnow:\n%s", s.name, got, want)
		}
	}
}

// TestShipped_AreOnlyWhatIsTaken: no picture is left over that no command makes any more.
func TestShipped_AreOnlyWhatIsTaken(t *testing.T) {
	files, err := filepath.Glob(images + "/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(shots) {
		t.Errorf("%d files in docs/images for %d pictures: %v", len(files), len(shots), files)
	}
}

var text = regexp.MustCompile(`<text [^>]*>([^<]*)</text>`)

// varies lists what is another in each run, or on each machine.
var varies = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`AK[0-9A-Z]{18}`), "KEY"},
	{regexp.MustCompile(`\d+ [JFMASOND][a-z]+ \d{4}`), "DATE"},
	{regexp.MustCompile(`36[56] days left`), "DAYS"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`apikey \S+( \(\w+\))?, go\S+ \S+/\S+`), "VERSION"},
	{regexp.MustCompile(`/\S*/ada/`), "HOME/"},
	{regexp.MustCompile(`\bin \d+(\.\d+)?(µs|ms|s)\b`), "in TIME"},
	{regexp.MustCompile(`[A-Z2-7]{4}( [A-Z2-7]{4}){7}`), "SEED"},
}

// words gives the words of a picture in their order, without what varies.
func words(picture string) string {
	var all []string
	for _, word := range text.FindAllStringSubmatch(picture, -1) {
		all = append(all, html.UnescapeString(word[1]))
	}
	line := strings.Join(all, " ")
	for _, v := range varies {
		line = v.what.ReplaceAllString(line, v.as)
	}
	return line
}

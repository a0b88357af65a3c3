package daemon_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/daemon"
	"github.com/apikey-cli/apikey/internal/term"
)

const docs = "../../docs"

// fence matches an example in the docs that is no script: a server does not end, a proxy is not here.
var fence = regexp.MustCompile("(?ms)^```(text|ini)\n(.*?)^```$")

// TestDocs_EveryCommandLineIsOne: the commands of the docs exist, with their flags and arguments.
func TestDocs_EveryCommandLineIsOne(t *testing.T) {
	seen := 0
	for _, page := range []string{"service.md", "security.md", "apikeyd.md"} {
		text, err := os.ReadFile(filepath.Join(docs, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
			for _, line := range strings.Split(block[2], "\n") {
				words := strings.Fields(strings.TrimPrefix(line, "sudo "))
				if len(words) == 0 || words[0] != "apikeyd" {
					continue
				}
				seen++
				var args []string
				for _, word := range words[1:] {
					if word == "<" || word == ">" {
						break
					}
					args = append(args, word)
				}
				if err := parses(args); err != nil {
					t.Errorf("%s: %s: %v", page, line, err)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d command lines were found", seen)
	}
}

// parses reads a command line as a run would, without the run.
func parses(args []string) error {
	cmd, rest, err := daemon.New(&daemon.Env{IO: &term.IO{}}).Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestDocs_SettingsAreSettings(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "service.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, variables := 0, 0
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		switch first, _, _ := strings.Cut(block[2], "\n"); first {
		case "# config.yaml":
			files++
			if _, err := load(t, nil, nil, block[2]); err != nil {
				t.Error(err)
			}
		case "# /etc/default/apikeyd":
			env := map[string]string{}
			for _, line := range strings.Split(block[2], "\n")[1:] {
				if name, value, found := strings.Cut(line, "="); found {
					env[name] = value
				}
			}
			variables += len(env)
			config, err := load(t, nil, env, "")
			if err != nil || config.Issuer == "" || !config.BehindProxy || config.TrustedProxies == nil || config.MetricsListen == "" {
				t.Errorf("%+v, %v", config, err)
			}
		}
	}
	if files != 1 || variables != 4 {
		t.Errorf("%d files and %d variables were found", files, variables)
	}
}

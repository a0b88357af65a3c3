//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExpiry_IsTold_OnATerminal: a key that is about to expire is told of by commands that look at it and do not show
// it, once a day, in the last week every time, and to nobody but a person. The program is the one whose clock moves.
func TestExpiry_IsTold_OnATerminal(t *testing.T) {
	path, err := exec.LookPath("apikey") // the test binary, as the scripts run it
	if err != nil {
		t.Fatal(err)
	}
	const told = "Your API key expires on "
	p := newPerson(t, path)
	p.does("generate")
	for _, step := range []struct {
		name, clock string // a key lasts for 8760 hours
		env         string
		args        []string
		want        bool
	}{
		{"long before", "8000h", "", []string{"check"}, false},
		{"in JSON", "8400h", "", []string{"check", "-o", "json"}, false},
		{"quiet", "8400h", "", []string{"check", "--quiet"}, false},
		{"in CI", "8400h", "CI=true", []string{"check"}, false},
		{"shown by the status", "8400h", "", []string{"status"}, false},
		{"shown after an action", "8400h", "", []string{"disable", "--yes"}, false},
		{"disabled", "8400h", "", []string{"check"}, false},
		{"shown after another action", "8400h", "", []string{"activate", "--yes"}, false},
		{"shown by doctor", "8400h", "", []string{"doctor"}, false},
		{"no key is needed", "8400h", "", []string{"profile", "list"}, false},
		{"the first time", "8400h", "", []string{"check"}, true},
		{"a second time on that day", "8400h", "", []string{"check"}, false},
		{"on the next day", "8424h", "", []string{"exec", "--", "true"}, true},
		{"a second time on the next day", "8424h", "", []string{"secret", "--reveal"}, false},
		{"in the last week", "8620h", "", []string{"secret", "--reveal"}, true},
		{"in the last week once more", "8620h", "", []string{"history"}, true},
		{"expired", "8790h", "", []string{"check"}, false},
	} {
		t.Run(step.name, func(t *testing.T) {
			p := person{t, append(slices.Clone(p.env), "APIKEY_TEST_CLOCK="+step.clock, step.env), path}
			x := p.start(step.args...)
			x.Wait() // check ends with what it found
			if got := strings.Contains(x.Screen(), told); got != step.want {
				t.Errorf("told is %v\n%s", got, x.Screen())
			}
		})
	}
	for _, setting := range []struct {
		value, clock string
		want         bool
	}{{"off", "8750h", false}, {"3d", "8640h", false}, {"3d", "8720h", true}, {"90d", "7000h", true}} {
		t.Run("warn-expiry_"+setting.value+"_"+setting.clock, func(t *testing.T) {
			dir := t.TempDir()
			config := "profiles:\n  local:\n    warn-expiry: " + setting.value + "\n"
			if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			p := person{t, append(slices.Clone(p.env), "APIKEY_TEST_CLOCK="+setting.clock, "APIKEY_CONFIG_DIR="+dir), path}
			x := p.start("check")
			x.Wait()
			if got := strings.Contains(x.Screen(), told); got != setting.want {
				t.Errorf("told is %v\n%s", got, x.Screen())
			}
		})
	}
}

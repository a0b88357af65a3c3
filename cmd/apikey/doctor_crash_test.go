//go:build unix

package main

import (
	"regexp"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestDoctor_TellsOfWhatWasCutShort: after a kill doctor names what was cut short and the command that ends it, changes
// nothing about it, and has nothing to say once that command was run.
func TestDoctor_TellsOfWhatWasCutShort(t *testing.T) {
	s := newScript(t, testkit.Build(t, program, "failpoint"))
	if _, _, status := s.run([]string{"APIKEY_FAILPOINT=reply"}, "generate"); status != -1 {
		t.Fatalf("the run that was to be killed: exit status %d", status)
	}
	cut := regexp.MustCompile(`(?m)^pending\twarn\tgenerate of .* was cut short; its secret can be had .*\tapikey secret$`)
	for range 2 {
		if out := s.does("doctor"); !cut.MatchString(out) {
			t.Errorf("doctor says\n%s", out)
		}
	}
	s.does("secret")
	if out := s.does("doctor"); !regexp.MustCompile(`(?m)^pending\tok\t`).MatchString(out) {
		t.Errorf("doctor says\n%s", out)
	}
}

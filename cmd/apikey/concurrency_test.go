//go:build unix

package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// crowd is how many processes run at once.
const crowd = 100

type ended struct {
	stdout, stderr string
	status         int
}

// together runs a command in many processes at once.
func (s script) together(args ...string) []ended {
	results := make([]ended, crowd)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			out, errs, status := s.run(nil, args...)
			results[i] = ended{out, errs, status}
		})
	}
	wg.Wait()
	return results
}

func TestGenerate_AHundredAtOnce_InAFreshFolder_OneSucceeds(t *testing.T) {
	s := newScript(t, testkit.Build(t, program))
	const exists = "error: There is an API key already.\nSee it with: apikey status. Replace it with: apikey regenerate\n"
	made := 0
	for _, r := range s.together("generate") {
		switch {
		case r.status == 0:
			made++
		case r.status != 5 || r.stderr != exists || r.stdout != "":
			t.Errorf("exit status %d\nstdout: %s\nstderr: %s", r.status, r.stdout, r.stderr)
		}
	}
	if made != 1 || s.revision() != 1 {
		t.Errorf("%d succeeded, revision %d", made, s.revision())
	}
	s.does("check", "--live")
}

func TestGenerate_IfMissing_AHundredAtOnce_AllSucceed(t *testing.T) {
	s := newScript(t, testkit.Build(t, program))
	changed := 0
	for _, r := range s.together("generate", "--if-missing", "--jq", ".changed") {
		if r.status != 0 || r.stderr != "" {
			t.Errorf("exit status %d: %s", r.status, r.stderr)
		}
		if strings.TrimSpace(r.stdout) == "true" {
			changed++
		}
	}
	if changed != 1 || s.revision() != 1 {
		t.Errorf("%d made a key, revision %d", changed, s.revision())
	}
	s.does("check", "--live")
}

func TestRegenerate_AHundredAtOnce_TheKeptSecretIsTheLiveOne(t *testing.T) {
	s := newScript(t, testkit.Build(t, program))
	s.does("generate")
	for _, r := range s.together("regenerate", "--yes", "--quiet") {
		if r.status != 0 || r.stderr != "" {
			t.Errorf("exit status %d: %s", r.status, r.stderr)
		}
	}
	if got := s.revision(); got != crowd+1 {
		t.Errorf("revision %d, want %d", got, crowd+1)
	}
	s.does("check", "--live")
	if secrets := strings.Fields(s.files("secrets")); len(secrets) != 1 {
		t.Errorf("%d secrets are kept", len(secrets))
	}
}

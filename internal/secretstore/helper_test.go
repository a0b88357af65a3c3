//go:build unix

package secretstore

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// shell is a helper that is a line of a shell; the verb is $1.
func shell(line string, budget time.Duration, environ ...string) *helper {
	return NewHelper(HelperOptions{
		Argv: []string{"/bin/sh", "-c", line, "helper"}, Budget: budget, Environ: append([]string{"PATH=/usr/bin:/bin"}, environ...),
	}).(*helper)
}

func TestHelper_ExitStatuses(t *testing.T) {
	for line, want := range map[string]keyapi.Code{
		"exit 10": keyapi.CodeNoSecret, "exit 11": keyapi.CodeStoreLocked, "exit 12": keyapi.CodeStoreDenied, "exit 1": keyapi.CodeStoreFailed,
		"exit 99": keyapi.CodeStoreFailed, "kill -9 $$": keyapi.CodeStoreFailed, "echo no JSON": keyapi.CodeStoreFailed, "true": keyapi.CodeStoreFailed,
		`echo '{"secret":""}'`: keyapi.CodeStoreFailed, "head -c 100000 /dev/zero": keyapi.CodeStoreFailed,
	} {
		_, err := shell(line, time.Minute).Get(context.Background(), slot)
		if keyapi.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	wantCode(t, shell("exit 10", time.Minute).Delete(context.Background(), slot), "")
	wantCode(t, shell("exit 12", time.Minute).Delete(context.Background(), slot), keyapi.CodeStoreDenied)
}

func TestHelper_NotThere(t *testing.T) {
	none := NewHelper(HelperOptions{Budget: time.Minute})
	wantCode(t, none.Probe(context.Background(), slot), keyapi.CodeUsage)
	missing := NewHelper(HelperOptions{Argv: []string{filepath.Join(t.TempDir(), "none")}, Budget: time.Minute})
	wantCode(t, missing.Probe(context.Background(), slot), keyapi.CodeStoreUnavailable)
}

// TestHelper_OfAnother_IsNotRun: not what a file names that others can write, nor what happens to lie in this folder.
func TestHelper_OfAnother_IsNotRun(t *testing.T) {
	dir := t.TempDir()
	config, ran := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "ran")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]keyapi.Code{
		0o600: keyapi.CodeNoSecret, 0o644: keyapi.CodeNoSecret, 0o620: keyapi.CodeStoreDenied, 0o602: keyapi.CodeStoreDenied,
	} {
		if err := os.Chmod(config, mode); err != nil {
			t.Fatal(err)
		}
		s := shell(`touch "$RAN"; exit 10`, time.Minute, "RAN="+ran)
		s.NamedIn = config
		_, err := s.Get(context.Background(), slot)
		wantCode(t, err, want)
		if _, err := os.Stat(ran); (err == nil) != (want == keyapi.CodeNoSecret) {
			t.Errorf("%v: whether it ran: %v", mode, err)
		}
		_ = os.Remove(ran)
	}
	t.Chdir("/bin")
	for _, program := range []string{"./sh", "../bin/sh"} {
		_, err := NewHelper(HelperOptions{Argv: []string{program, "-c", "exit 10"}, Budget: time.Minute}).Get(context.Background(), slot)
		wantCode(t, err, keyapi.CodeUsage)
	}
}

// TestHelper_SecretGoesByStandardInputAlone: neither the arguments nor the environment have it, nor what is ours alone.
func TestHelper_SecretGoesByStandardInputAlone(t *testing.T) {
	dir, secret := t.TempDir(), newSecret(t)
	line := `{ tr '\0' '\n' < /proc/$$/cmdline; env; } > "$DIR/seen.$1"; cat > "$DIR/in.$1"; exit 1`
	s := shell(line, time.Minute, "DIR="+dir, "APIKEY_ACCESS_SECRET=aks_canary", "APIKEY_SESSION=canary", "APIKEY_PASSPHRASE_FILE=canary", "KEPT=this")
	wantCode(t, s.Put(context.Background(), slot, secret), keyapi.CodeStoreFailed)
	seen, err := os.ReadFile(filepath.Join(dir, "seen.store"))
	if err != nil || !strings.Contains(string(seen), "KEPT=this") {
		t.Fatalf("%v: %s", err, seen)
	}
	for _, no := range []string{secret.Reveal(), "canary"} {
		if strings.Contains(string(seen), no) {
			t.Errorf("the helper can see %q besides its input", no)
		}
	}
	in, err := os.ReadFile(filepath.Join(dir, "in.store"))
	if want := `{"schema":1,"slot":"` + label(slot) + `","secret":"` + secret.Reveal() + `"}` + "\n"; err != nil || string(in) != want {
		t.Errorf("%v: got %q", err, in)
	}
}

func TestHelper_WhatItSays_IsShownWithoutTheSecret(t *testing.T) {
	secret := newSecret(t)
	for _, line := range []string{
		`read -r r; echo "refused: $r" >&2; exit 1`,
		`read -r r; printf '%s' "$r" | cut -c1-80 >&2; echo refused: "$r" >&2; exit 1`,
		`echo refused: >&2; cat >&2; exit 12`,
	} {
		err := shell(line, time.Minute).Put(context.Background(), slot, secret)
		if err == nil || strings.Contains(err.Error(), "aks_") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", line, err)
		}
	}
	opaque := keyapi.NewSecret("opaque-session")
	err := shell(`cat >&2; exit 1`, time.Minute).Put(context.Background(), slot, opaque)
	if err == nil || strings.Contains(err.Error(), "opaque-session") || !strings.Contains(err.Error(), "***") {
		t.Errorf("%v", err)
	}
	_, err = shell(`echo '{"secret":"opaque-session"}'; echo it is opaque-session >&2; exit 1`, time.Minute).Get(context.Background(), slot)
	if err == nil || strings.Contains(err.Error(), "opaque") {
		t.Errorf("%v", err)
	}
	for _, text := range []string{`{"accessToken":"eyJhbGciOiJFZERTQSJ9.e30.c2ln"}`, "aps_session", `any "text" <of> a\service's`} {
		for _, line := range []string{`cat >&2; exit 1`, `sed 's/.*"secret"://' >&2; exit 1`} {
			err := shell(line, time.Minute).Put(context.Background(), slot, keyapi.NewSecret(text))
			if err == nil || !strings.Contains(err.Error(), "***") {
				t.Errorf("%s of %s: %v", line, text, err)
			}
			for _, no := range []string{"eyJ", "aps_", "text", "service"} {
				if strings.Contains(err.Error(), no) {
					t.Errorf("%s of %s: %v", line, text, err)
				}
			}
		}
	}
	_, err = shell(`printf 'a\033[31mb\n%0500d' 1 >&2; exit 1`, time.Minute).Get(context.Background(), slot)
	if err == nil || len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("%v", err)
	}
}

// TestHelper_Hangs_EndsWithTheBudget_AndIsTakenBack: the write that was given up is killed with what it started, and an
// erase follows.
func TestHelper_Hangs_EndsWithTheBudget_AndIsTakenBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := `case $1 in store) touch "$DIR/stored"; (sleep 1; touch "$DIR/late") & sleep 600;; erase) rm -f "$DIR/stored"; touch "$DIR/erased";; esac`
	s := shell(line, 300*time.Millisecond, "DIR="+dir)
	wantCode(t, s.Put(context.Background(), slot, newSecret(t)), keyapi.CodeStoreTimeout)
	if _, err := os.Stat(filepath.Join(dir, "erased")); err != nil {
		t.Error("the write was not taken back")
	}
	_, err := s.Get(context.Background(), slot)
	wantCode(t, err, keyapi.CodeStoreTimeout)
	time.Sleep(900 * time.Millisecond) // what it started would have written by now
	for _, name := range []string{"stored", "late"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}

func TestHelper_LeavesSomethingBehind_IsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := shell(`sleep 30 & echo '{"secret":"x"}'; echo $! > "$DIR/pid"`, 20*time.Second, "DIR="+dir)
	got, err := s.Get(context.Background(), slot)
	if err != nil || got.Reveal() != "x" {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
		_ = exec.Command("kill", strings.TrimSpace(string(text))).Run()
	}
}

func TestHelper_Waiting_IsToldOnce(t *testing.T) {
	told := make(chan struct{}, 2)
	s := shell(`sleep 0.3; echo '{"secret":"x"}'`, time.Minute)
	s.NoticeAfter, s.Notice = time.Millisecond, func() { told <- struct{}{} }
	for range 2 {
		_, err := s.Get(context.Background(), slot)
		wantCode(t, err, "")
	}
	if len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
}

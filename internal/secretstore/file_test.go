//go:build unix

package secretstore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestFile_RoundTrip_Private(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "data", "secrets")
	s, secret := NewFile(dir), newSecret(t)
	_, err := s.Get(ctx, slot)
	wantCode(t, err, keyapi.CodeNoSecret)
	wantCode(t, s.Probe(ctx, slot), "")
	wantCode(t, s.Put(ctx, slot, secret), "")
	got, err := s.Get(ctx, slot)
	if err != nil || got.Reveal() != secret.Reveal() {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v: nothing else may be left", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v", info.Mode(), err)
	}
	second := newSecret(t)
	wantCode(t, s.Put(ctx, slot, second), "")
	if got, err := s.Get(ctx, slot); err != nil || got.Reveal() != second.Reveal() {
		t.Errorf("not replaced: %v", err)
	}
	wantCode(t, s.Delete(ctx, slot), "")
	wantCode(t, s.Delete(ctx, slot), "")
}

func TestFile_NotPrivate_IsRefused(t *testing.T) {
	ctx := context.Background()
	t.Run("Folder", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // what is tested
			t.Fatal(err)
		}
		wantCode(t, NewFile(dir).Probe(ctx, slot), keyapi.CodeStoreDenied)
		wantCode(t, NewFile(dir).Put(ctx, slot, newSecret(t)), keyapi.CodeStoreDenied)
	})
	t.Run("LinkedFolder", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "secrets")
		if err := os.Symlink(t.TempDir(), link); err != nil {
			t.Fatal(err)
		}
		wantCode(t, NewFile(link).Probe(ctx, slot), keyapi.CodeStoreDenied)
	})
	t.Run("File", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "secrets")
		s := NewFile(dir)
		wantCode(t, s.Put(ctx, slot, newSecret(t)), "")
		if err := os.Chmod(s.(file).path(slot), 0o644); err != nil { //nolint:gosec // what is tested
			t.Fatal(err)
		}
		_, err := s.Get(ctx, slot)
		wantCode(t, err, keyapi.CodeStoreDenied)
	})
	t.Run("LinkedFile", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "secrets")
		s := NewFile(dir)
		wantCode(t, s.Probe(ctx, slot), "")
		if err := os.Symlink("/etc/hostname", s.(file).path(slot)); err != nil {
			t.Fatal(err)
		}
		_, err := s.Get(ctx, slot)
		wantCode(t, err, keyapi.CodeStoreDenied)
	})
	t.Run("OfSomebodyElse", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("needs root to make a file of somebody else. To run this test: sudo go test ./internal/secretstore")
		}
		dir := filepath.Join(t.TempDir(), "secrets")
		s := NewFile(dir)
		wantCode(t, s.Put(ctx, slot, newSecret(t)), "")
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Probe(ctx, slot), keyapi.CodeStoreDenied)
	})
}

func TestFile_InTheWay_FailsAndSaysWhere(t *testing.T) {
	ctx := context.Background()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := NewFile(filepath.Join(blocked, "secrets")).Probe(ctx, slot)
	wantCode(t, err, keyapi.CodeStoreFailed)
	if !strings.Contains(err.Error(), blocked) {
		t.Errorf("does not say where: %v", err)
	}
}

func TestFile_Emptied_IsDamaged(t *testing.T) {
	ctx := context.Background()
	s := NewFile(filepath.Join(t.TempDir(), "secrets"))
	wantCode(t, s.Put(ctx, slot, newSecret(t)), "")
	if err := os.WriteFile(s.(file).path(slot), []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(ctx, slot)
	wantCode(t, err, keyapi.CodeStoreFailed)
}

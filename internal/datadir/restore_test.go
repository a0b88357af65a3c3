package datadir_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// world is a service with two keys, one of them disabled, a session and a kept reply, and a copy of it.
type world struct {
	dir, copy string
	name      string // of the master key
	ada, bob  keyapi.Result
	once      keyapi.IdempotencyKey // that of ada's key
	adaToken  int64                 // generation
}

func newWorld(t *testing.T) world {
	t.Helper()
	ctx := context.Background()
	w := world{dir: t.TempDir(), copy: filepath.Join(t.TempDir(), "copy"), once: newIdempotencyKey(t)}
	s := makeService(t, w.dir)
	addKey(t, s, "ada")
	w.bob = addKey(t, s, "bob")
	w.ada = actUnder(t, s, "ada", keyapi.ActionRegenerate, w.once)
	act(t, s, "bob", keyapi.ActionDisable)
	client, err := authenticate(t, s, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	w.adaToken = client.Generation
	err = s.DB.Write(ctx, func(tx store.Writer) error {
		return errors.Join(
			tx.CreateSession(store.Session{ID: "one", Hash: []byte("hash"), Login: "ada", CreatedAt: clock(), ExpiresAt: clock().Add(time.Hour)}),
			tx.AddMail(store.Mail{Name: "m", Login: "ada", To: "ada@example.org"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.name, err = s.Backup(ctx, w.copy); err != nil {
		t.Fatal(err)
	}
	return w
}

// restore brings the copy back to a new folder.
func (w world) restore(t *testing.T, keepActive bool) (*datadir.Service, datadir.Restored) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "restored")
	report, err := datadir.Restore(context.Background(), datadir.RestoreOptions{
		Copy: w.copy, Dir: dir, MasterKey: filepath.Join(w.dir, "master.key"), KeepActive: keepActive, Now: clock, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v: %v", entry.Name(), info.Mode(), err)
		}
	}
	return openService(t, dir), report
}

func TestRestore_DisablesEveryKey(t *testing.T) {
	w := newWorld(t)
	s, report := w.restore(t, false)
	if want := (datadir.Restored{MasterKey: w.name, Accounts: 2, Keys: 2, KeysDisabled: 1, Sessions: 1}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	_, err := authenticate(t, s, w.ada)
	wantCode(t, err, keyapi.CodeKeyDisabled, "")
	_, err = authenticate(t, s, w.bob)
	wantCode(t, err, keyapi.CodeKeyDisabled, "")
	wantTrail(t, s, "ada", "disable by restore", "restore by restore", "regenerate by ada", "generate by ada")
	wantTrail(t, s, "bob", "restore by restore", "disable by bob", "generate by bob")
}

func TestRestore_KeepActive_TheOldSecretWorksAndItsTokensDoNot(t *testing.T) {
	w := newWorld(t)
	s, report := w.restore(t, true)
	if want := (datadir.Restored{MasterKey: w.name, Accounts: 2, Keys: 2, Sessions: 1}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	client, err := authenticate(t, s, w.ada)
	if err != nil {
		t.Fatalf("the old secret: %v", err)
	}
	for generation := w.adaToken; generation < w.adaToken+10; generation++ { // also those that came after the copy
		alive, err := keysOf(s).Alive(t.Context(), client.AccessKey, generation)
		if alive || err != nil {
			t.Errorf("a token of generation %d is alive: %t, %v", generation, alive, err)
		}
	}
	_, err = authenticate(t, s, w.bob)
	wantCode(t, err, keyapi.CodeKeyDisabled, "")
	wantTrail(t, s, "ada", "restore by restore", "regenerate by ada", "generate by ada")
}

func TestRestore_EndsSessionsMailsAndKeptReplies(t *testing.T) {
	w := newWorld(t)
	s, _ := w.restore(t, true)
	err := s.DB.Read(context.Background(), func(r store.Reader) error {
		sessions, err := r.Sessions("ada")
		if len(sessions) != 0 {
			t.Errorf("%d sessions", len(sessions))
		}
		mails, failed := r.CountMails()
		if mails != 0 {
			t.Errorf("%d mails", mails)
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = keysOf(s).Recover(context.Background(), "ada", keyservice.Actor{}, w.once)
	wantCode(t, err, keyapi.CodeSuperseded, "")
}

func wantTrail(t *testing.T, s *datadir.Service, login string, want ...string) {
	t.Helper()
	events, err := keysOf(s).Events(context.Background(), login, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events.Items {
		got = append(got, string(e.Action)+" by "+e.Actor)
	}
	if len(got) != len(want) {
		t.Fatalf("trail of %s: %q, want %q", login, got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("trail of %s: %q, want %q", login, got, want)
		}
	}
}

// TestRestore_Refusals: every refusal says what is missing, and leaves the folder as it was.
func TestRestore_Refusals(t *testing.T) {
	w := newWorld(t)
	other := t.TempDir()
	makeService(t, other)
	key := filepath.Join(w.dir, "master.key")
	for name, c := range map[string]struct {
		files map[string]string // in the folder, and whose content they have
		edit  func(*datadir.RestoreOptions)
		code  keyapi.Code
		text  string
	}{
		"no master key named":     {nil, func(o *datadir.RestoreOptions) { o.MasterKey = "" }, keyapi.CodeUsage, "--master-key"},
		"the master key of other": {nil, func(o *datadir.RestoreOptions) { o.MasterKey = filepath.Join(other, "master.key") }, keyapi.CodeUnavailable, "needs the master key " + w.name},
		"a master key not there":  {nil, func(o *datadir.RestoreOptions) { o.MasterKey = filepath.Join(other, "x") }, keyapi.CodeUnavailable, "needs the master key " + w.name},
		"no master key at all":    {nil, func(o *datadir.RestoreOptions) { o.MasterKey = w.copy }, keyapi.CodeUnavailable, "needs the master key " + w.name},
		"two master keys":         {map[string]string{"master.key": key}, func(*datadir.RestoreOptions) {}, keyapi.CodeUsage, "already"},
		"folder not empty":        {map[string]string{"notes": key}, func(*datadir.RestoreOptions) {}, keyapi.CodeUsage, "there is notes in it"},
		"a service already":       {map[string]string{"apikeyd.db": w.copy}, func(*datadir.RestoreOptions) {}, keyapi.CodeUsage, "there is apikeyd.db in it"},
		"no copy there":           {nil, func(o *datadir.RestoreOptions) { o.Copy = filepath.Join(other, "x") }, keyapi.CodeUsage, "cannot be read"},
		"no copy at all":          {nil, func(o *datadir.RestoreOptions) { o.Copy = key }, keyapi.CodeUnavailable, "no copy of a database"},
		"wrong key in the folder": {map[string]string{"master.key": filepath.Join(other, "master.key")},
			func(o *datadir.RestoreOptions) { o.MasterKey = "" }, keyapi.CodeUnavailable, "needs the master key " + w.name},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, from := range c.files {
				text, err := os.ReadFile(from)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			o := datadir.RestoreOptions{Copy: w.copy, Dir: dir, MasterKey: key, Now: clock, Random: rand.Reader}
			c.edit(&o)
			_, err := datadir.Restore(context.Background(), o)
			wantCode(t, err, c.code, c.text)
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != len(c.files) {
				t.Errorf("%d files are left, want %d: %v", len(entries), len(c.files), err)
			}
		})
	}
}

func TestRestore_MasterKeyInTheFolderAlready(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	if err := os.Rename(filepath.Join(w.dir, "master.key"), filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	_, err := datadir.Restore(context.Background(), datadir.RestoreOptions{Copy: w.copy, Dir: dir, KeepActive: true, Now: clock, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authenticate(t, openService(t, dir), w.ada); err != nil {
		t.Errorf("the old secret: %v", err)
	}
}

package datadir_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// furnished makes a service in which there is something of every kind, of ada with a key that works.
func furnished(t *testing.T, dir string) keyapi.Result {
	t.Helper()
	s := makeService(t, dir)
	made := addKey(t, s, "ada")
	err := s.DB.Write(context.Background(), func(w store.Writer) error {
		at := clock().Add(time.Minute)
		k := lifecycle.Key{
			AccessKey: "AKbob", Verifier: []byte{1}, CreatedAt: clock(), Disabled: true, Generation: 4, Revision: 9, LastGeneration: 5,
			Previous: &lifecycle.Previous{AccessKey: "AKold", Verifier: []byte{2}, Generation: 3, EndsAt: at},
		}
		session := store.Session{ID: "s-1", Hash: []byte("1"), Login: "bob", CreatedAt: clock(), ExpiresAt: at, SeenAt: at, VerifiedAt: at}
		pipeline := store.Session{ID: "s-2", Hash: []byte("2"), Login: "bob", Name: "ci", Allow: []string{"status"}, CreatedAt: clock(), ExpiresAt: at}
		errs := []error{
			w.CreateAccount(store.Account{Login: "bob", Email: "bob@example.com", MFAEnabled: true, Locked: true, CreatedAt: at}),
			w.PutKey("bob", k), w.TouchKey("AKbob", at),
			w.PutCredentials("bob", store.Credentials{
				PasswordHash: "h", Seed: []byte{3}, PendingSeed: []byte{4}, LastStep: 7, RecoveryCodes: [][]byte{{6}, {5}},
			}),
			w.CreateSession(session), w.CreateSession(pipeline),
			w.PutReply(store.Reply{Hash: []byte("r"), Login: "bob", Fingerprint: []byte{8}, At: at}),
			w.CreateSigningKey(store.SigningKey{ID: "b", Sealed: []byte{9}, CreatedAt: clock()}),
			w.CreateSigningKey(store.SigningKey{ID: "a", Sealed: []byte{10}, CreatedAt: at}),
			w.CreateResource(store.Resource{Name: "billing", Verifier: []byte{11}, CreatedAt: at}),
			w.RevokeToken("jti", at),
			w.AddMail(store.Mail{
				Name: "m", Login: "bob", To: "bob@example.com", Kind: "key-disabled", At: clock(), AccessKey: "AKbob", DueAt: at, Attempts: 2,
			}),
		}
		for _, days := range []int{30, 7} {
			_, err := w.NoteExpiry("bob", "AKbob", days)
			errs = append(errs, err)
		}
		for i := range 1100 { // more than two pages
			errs = append(errs, w.AddEvent("bob", keyapi.Event{At: clock(), Action: keyapi.ActionDisable, Actor: fmt.Sprint(i), AccessKey: "AKbob"}))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// contents gives everything of a service but the numbers of its events.
func contents(t *testing.T, s *datadir.Service) (all []any) {
	t.Helper()
	err := s.DB.Read(context.Background(), func(r store.Reader) error {
		accounts, err := r.Accounts("", 10)
		all = append(all, accounts)
		note := func(value any, failed error) { all, err = append(all, value), errors.Join(err, failed) }
		for _, a := range accounts {
			credentials, failed := r.Credentials(a.Login)
			note(credentials, failed)
			sessions, failed := r.Sessions(a.Login)
			note(sessions, failed)
			replies, failed := r.Replies(a.Login)
			note(replies, failed)
			events, failed := r.Events(a.Login, 0, 5000)
			for i := range events {
				events[i].ID = 0
			}
			note(events, failed)
			notices, failed := r.ExpiryNotices(a.Login, a.Key.AccessKey)
			note(notices, failed)
		}
		mails, failed := r.Mails(0, 10)
		note(mails, failed)
		keys, failed := r.SigningKeys()
		note(keys, failed)
		resources, failed := r.Resources()
		note(resources, failed)
		tokens, failed := r.RevokedTokens()
		note(tokens, failed)
		meta, failed := r.AllMeta()
		note(meta, failed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// move copies a service and gives the copy, open.
func move(t *testing.T, from, to datadir.Place) *datadir.Service {
	t.Helper()
	report, err := datadir.Copy(context.Background(), from, to, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name := report.MasterKey
	if want := (datadir.Copied{MasterKey: name, Accounts: 2, Keys: 2, Events: 1101, Sessions: 2}); report != want || len(name) != 8 {
		t.Errorf("it came to %+v, want %+v", report, want)
	}
	s, err := to.Open(context.Background(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.DB.Close() })
	return s
}

func TestCopy_FolderToFolder_HasEverything(t *testing.T) {
	first, second := datadir.Place{Dir: t.TempDir()}, datadir.Place{Dir: filepath.Join(t.TempDir(), "second")}
	made := furnished(t, first.Dir)
	s := move(t, first, second)
	if want, got := contents(t, openService(t, first.Dir)), contents(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("the copy has\n%+v\nwant\n%+v", got, want)
	}
	if _, err := authenticate(t, s, made); err != nil {
		t.Errorf("the old secret: %v", err)
	}
	entries, err := os.ReadDir(second.Dir)
	if err != nil || len(entries) > 4 { // the database with its log, and the master key
		t.Errorf("in the folder are %v, %v", entries, err)
	}
}

// A destination in which there is something, and a source that is none, change nothing.
func TestCopy_Refusals(t *testing.T) {
	first := datadir.Place{Dir: t.TempDir()}
	furnished(t, first.Dir)
	used, notes, keyless := t.TempDir(), t.TempDir(), t.TempDir()
	makeService(t, used)
	for path, text := range map[string]string{filepath.Join(notes, "notes"): "", filepath.Join(keyless, "apikey.db"): ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for name, c := range map[string]struct {
		from, to string
		text     string
	}{
		"onto itself":           {first.Dir, first.Dir, "is not empty"},
		"onto a service":        {first.Dir, used, "is not empty"},
		"beside something":      {first.Dir, notes, "notes is in it"},
		"into the tool's":       {first.Dir, keyless, "inside the tool"},
		"of what is no service": {nowhere, filepath.Join(nowhere, "to"), "There is no key service"},
	} {
		before, _ := os.ReadDir(c.to)
		_, err := datadir.Copy(context.Background(), datadir.Place{Dir: c.from}, datadir.Place{Dir: c.to}, rand.Reader)
		wantCode(t, err, keyapi.CodeUsage, c.text)
		if after, _ := os.ReadDir(c.to); len(after) != len(before) {
			t.Errorf("%s: the folder has %v, had %v", name, after, before)
		}
	}
	wantAbsent(t, nowhere)
}

// A copy that is broken off leaves an empty folder, into which it can be made again.
func TestCopy_Interrupted_LeavesNothing(t *testing.T) {
	first, to := datadir.Place{Dir: t.TempDir()}, datadir.Place{Dir: t.TempDir()}
	furnished(t, first.Dir)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := datadir.Copy(ctx, first, to, rand.Reader); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(to.Dir); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	move(t, first, to)
}

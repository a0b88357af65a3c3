package datadir_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
		return errors.Join(append(errs, addCrowd(w))...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// crowd is how many accounts there are beside ada and bob: more than two pages.
const crowd = 1100

// addCrowd adds accounts, oldest last in the alphabet. Of four one has no key, and one a former one too.
func addCrowd(w store.Writer) error {
	for i := range crowd {
		login := fmt.Sprintf("crowd-%04d", crowd-i)
		at := clock().Add(time.Duration(i) * time.Microsecond)
		err := w.CreateAccount(store.Account{Login: login, Permitted: i%3 > 0, CreatedAt: at})
		k := lifecycle.Key{AccessKey: "AK" + login, Verifier: []byte(login), CreatedAt: at, Generation: 2, Revision: 2, LastGeneration: 2}
		if i%4 == 1 {
			k.Previous = &lifecycle.Previous{AccessKey: "AKformer" + login, Generation: 1, EndsAt: at}
		}
		if i%4 > 0 {
			err = errors.Join(err, w.PutKey(login, k), w.PutCredentials(login, store.Credentials{RecoveryCodes: [][]byte{{2}, {1}, {3}}}))
		}
		for n := range i % 3 {
			session := store.Session{ID: fmt.Sprint(login, n), Hash: fmt.Append(nil, login, n), Login: login, CreatedAt: clock()}
			err = errors.Join(err, w.CreateSession(session), w.AddEvent(login, keyapi.Event{At: at, Action: keyapi.ActionGenerate, Actor: login}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// contents gives everything of a service: row for row, and as it is read of the accounts that have something of every kind.
func contents(t *testing.T, s *datadir.Service) (all []any) {
	t.Helper()
	err := s.DB.Read(context.Background(), func(r store.Reader) error {
		accounts, err := r.Accounts("", 2)
		all = append(all, accounts)
		note := func(value any, failed error) { all, err = append(all, value), errors.Join(err, failed) }
		oldest, failed := r.SoleAccount()
		note(oldest, failed)
		for _, a := range accounts {
			credentials, failed := r.Credentials(a.Login)
			note(credentials, failed)
			sessions, failed := r.Sessions(a.Login)
			note(sessions, failed)
			replies, failed := r.Replies(a.Login)
			note(replies, failed)
			events, failed := r.Events(a.Login, 0, 5000)
			note(events, failed)
			notices, failed := r.ExpiryNotices(a.Login, a.Key.AccessKey)
			note(notices, failed)
		}
		for _, table := range r.Tables() {
			for row, failed := range table.Rows {
				note(slices.Clone(row), failed)
			}
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

func wantContents(t *testing.T, s *datadir.Service, want []any) {
	t.Helper()
	got := contents(t, s)
	if len(got) != len(want) {
		t.Errorf("the copy has %d things, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("the copy has\n%+v\nwant\n%+v", got[i], want[i])
		}
	}
}

// move copies a service and gives the copy, open.
func move(t *testing.T, from, to datadir.Place) *datadir.Service {
	t.Helper()
	report, err := datadir.Copy(context.Background(), from, to, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name := report.MasterKey
	want := datadir.Copied{MasterKey: name, Accounts: 2 + crowd, Keys: 2 + crowd*3/4, Events: 1101 + crowd - 1, Sessions: 2 + crowd - 1}
	if report != want || len(name) != 8 {
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
	wantContents(t, s, contents(t, openService(t, first.Dir)))
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

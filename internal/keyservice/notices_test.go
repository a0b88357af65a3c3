package keyservice_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// mails gives the mails that wait.
func (s *service) mails() (all []store.Mail) {
	s.t.Helper()
	err := s.db.Read(context.Background(), func(r store.Reader) (err error) {
		all, err = r.Mails(0, 100)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// address gives an account an address.
func (s *service) address(login, email string) {
	s.t.Helper()
	err := s.db.Write(context.Background(), func(w store.Writer) error {
		a, err := w.Account(login)
		if err != nil {
			return err
		}
		a.Email = email
		return w.PutAccount(a)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) mailOn() {
	s.t.Helper()
	if err := notice.Set(context.Background(), s.db, true); err != nil {
		s.t.Fatal(err)
	}
}

func TestAct_TellsThePerson_OfWhatChangedAndOnce(t *testing.T) {
	s := newService(t, keyservice.Policy{Notices: true})
	s.account("ada", true, true)
	s.address("ada", "ada@example.org")
	s.mailOn()
	repeated := keyapi.Change{IdempotencyKey: s.newKey()}
	secrets := []string{}
	for _, step := range []struct {
		action keyapi.Action
		change keyapi.Change
	}{
		{keyapi.ActionGenerate, repeated}, {keyapi.ActionGenerate, repeated},
		{keyapi.ActionDisable, keyapi.Change{}}, {keyapi.ActionDisable, keyapi.Change{}},
		{keyapi.ActionActivate, keyapi.Change{}}, {keyapi.ActionRegenerate, keyapi.Change{}}, {keyapi.ActionDelete, keyapi.Change{}},
	} {
		result, err := s.act("ada", step.action, step.change)
		if err != nil {
			t.Fatal(err)
		}
		if !result.AccessSecret.IsZero() {
			secrets = append(secrets, result.AccessSecret.Reveal())
		}
	}
	kinds := []string{}
	for _, m := range s.mails() {
		kinds = append(kinds, m.Kind)
		if m.To != "ada@example.org" || m.Actor != "ada" || m.AccessKey == "" || !m.At.Equal(s.now) {
			t.Errorf("%+v", m)
		}
		for _, secret := range append(secrets, repeated.IdempotencyKey.Reveal()) {
			if strings.Contains(fmt.Sprintf("%+v", m), secret) {
				t.Errorf("a secret is in %+v", m)
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "key-generated key-disabled key-regenerated key-deleted" {
		t.Errorf("told of: %s", got)
	}
}

func TestAct_TellsNobody(t *testing.T) {
	for name, set := range map[string]func(*service){
		"mail is off":          func(s *service) { s.address("ada", "ada@example.org") },
		"there is no address":  func(s *service) { s.mailOn() },
		"the change is undone": func(s *service) { s.address("ada", "ada@example.org"); s.mailOn() },
	} {
		s := newService(t, keyservice.Policy{Notices: true})
		s.account("ada", true, true)
		set(s)
		change := keyapi.Change{}
		if name == "the change is undone" {
			change.IfMatch = new(int64(7))
		}
		if _, err := s.act("ada", keyapi.ActionGenerate, change); (err != nil) != (change.IfMatch != nil) {
			t.Fatal(err)
		}
		if mails := s.mails(); len(mails) != 0 {
			t.Errorf("%s: %+v", name, mails)
		}
	}
}

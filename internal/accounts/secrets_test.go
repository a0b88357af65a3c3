package accounts_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestNothingStoredOrTold_IsASecret: the files of the database, the log and the notices have none of what people and
// pipelines sign in with.
func TestNothingStoredOrTold_IsASecret(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	pipeline, _, err := w.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
	w.must(err)
	used := w.code(ada.seed)
	signedIn, _ := w.signIn("ada", used)
	w.want(w.try("ada", "mistyped "+password, "", home), keyapi.CodeUnauthenticated)
	w.want(w.try("the login is a password", password, "", home), keyapi.CodeUnauthenticated)
	for range 5 {
		w.want(w.try("ada", password, "wrongcode", home), keyapi.CodeOTPInvalid)
	}
	w.must(w.Unlock(ctx, "ada"))
	_, err = w.Verify(ctx, ada.Principal, keyapi.Secret{}, ada.recovery[0])
	w.must(err)
	w.add("bob")
	_, bob := w.signIn("bob", "")
	pending, _, err := w.BeginMFA(ctx, bob)
	w.must(err)

	secrets := map[string]string{
		"password": password, "part of it": "horse battery", "login that is a password": "the login is a password", "wrong code": "wrongcode",
		"token": ada.token.Reveal(), "token of a sign-in": signedIn.Reveal(), "token of a pipeline": pipeline.Reveal(),
	}
	for name, seed := range map[string]string{"seed": ada.seed, "pending seed": pending.Reveal()} {
		raw, err := base32.StdEncoding.DecodeString(seed)
		w.must(err)
		secrets[name], secrets[name+", raw"] = seed, string(raw)
	}
	for i, code := range ada.recovery {
		secrets[fmt.Sprint("recovery code ", i)] = code.Reveal()
		secrets[fmt.Sprint("recovery code without dashes ", i)] = strings.ReplaceAll(code.Reveal(), "-", "")
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	w.must(err)
	places := map[string][]byte{"log": w.log.Bytes(), "notices": fmt.Appendf(nil, "%+v", w.told(notice.LockedOut))}
	for _, f := range files {
		if places[filepath.Base(f)], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	var all []byte
	for place, content := range places {
		all = append(all, content...)
		for name, s := range secrets {
			if bytes.Contains(content, []byte(s)) {
				t.Errorf("the %s is in %s", name, place)
			}
		}
	}
	if !bytes.Contains(all, []byte("argon2id")) || !bytes.Contains(all, []byte("locked-out")) {
		t.Error("what was looked at is not what was written")
	}
}

// TestPasswords_AreHashedAsTheContractSays: argon2id, 19 MiB, two passes, one lane.
func TestPasswords_AreHashedAsTheContractSays(t *testing.T) {
	w := newWorld(t)
	real := accounts.New(accounts.Options{Store: w.db, Key: w.key, Now: w.now, Random: rand.Reader})
	w.must(real.Add(ctx, accounts.NewAccount{Login: "ada", Password: secret(password)}))
	w.must(real.Add(ctx, accounts.NewAccount{Login: "bob", Password: secret(password)}))
	hashes := map[string]bool{}
	for _, login := range []string{"ada", "bob"} {
		w.must(w.db.Read(ctx, func(r store.Reader) error {
			c, err := r.Credentials(login)
			if !strings.HasPrefix(c.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("the hash is %q", c.PasswordHash)
			}
			hashes[c.PasswordHash] = true
			return err
		}))
	}
	if len(hashes) != 2 {
		t.Error("two people with the same password have the same hash")
	}
	_, _, _, err := real.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password)}, home)
	w.want(err, "")
	_, _, _, err = real.SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(password + " ")}, home)
	w.want(err, keyapi.CodeUnauthenticated)
	w.want(w.try("bob", password, "", home), "") // a hash says itself what it cost
}

func TestPasswords_DamagedHash_LetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	for _, hash := range []string{
		"x", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=16$m=8,t=1,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=0$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$AAAA$",
		"$argon2id$v=19$m=8,t=1,p=1$!$AAAA", "$argon2id$v=19$m=x$AAAA$AAAA",
	} {
		w.must(w.db.Write(ctx, func(writer store.Writer) error {
			return writer.PutCredentials("ada", store.Credentials{PasswordHash: hash})
		}))
		w.want(w.try("ada", password, "", home), keyapi.CodeInternal)
	}
}

// TestNoRandomness_MakesNothing: whatever needs random bytes fails and changes nothing.
func TestNoRandomness_MakesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.enroll("ada")
	w.add("bob")
	_, bob := w.signIn("bob", "")
	events := len(w.trail("ada")) + len(w.trail("bob"))
	broken := errors.New("no randomness")
	for _, enough := range []int64{0, 31, 40} { // it may end in the middle too
		for name, do := range map[string]func(s *accounts.Service) error{
			"add": func(s *accounts.Service) error {
				return s.Add(ctx, accounts.NewAccount{Login: "carl", Password: secret(password)})
			},
			"pipeline": func(s *accounts.Service) error {
				_, _, err := s.CreatePipelineSession(ctx, ada.Principal, "ci", nil, time.Hour, home)
				return err
			},
			"codes": func(s *accounts.Service) error { _, err := s.NewRecoveryCodes(ctx, ada.Principal, home); return err },
			"begin": func(s *accounts.Service) error { _, _, err := s.BeginMFA(ctx, bob); return err },
			"sign-in": func(s *accounts.Service) error {
				_, _, _, err := s.SignIn(ctx, accounts.SignIn{LoginID: "bob", Password: secret(password)}, home)
				return err
			},
		} {
			random := io.MultiReader(io.LimitReader(rand.Reader, min(enough, enoughFor[name])), iotest.ErrReader(broken))
			s := accounts.New(accounts.Options{Store: w.db, Key: w.key, Now: w.now, Random: random})
			s.CheapHashing(func() {})
			if err := do(s); !errors.Is(err, broken) {
				t.Errorf("%s with %d bytes: %v", name, enough, err)
			}
		}
	}
	if n := len(w.trail("ada")) + len(w.trail("bob")); n != events {
		t.Errorf("%d entries of the audit trail more", n-events)
	}
	_, err := w.Show(ctx, "carl")
	w.want(err, keyapi.CodeInvalidRequest) // no account was made
}

// enoughFor is one byte less than each needs.
var enoughFor = map[string]int64{"add": 15, "pipeline": 47, "codes": 199, "begin": 31, "sign-in": 47}

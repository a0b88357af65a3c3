package authserver_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// signedBy gives the name of the key that signed a token.
func signedBy(t *testing.T, token string) string {
	t.Helper()
	header, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		ID string `json:"kid"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	return said.ID
}

// TestRotate_TwoReplicas: a key is published by every replica before any of them signs with it, and what the old one
// signed counts until its end, on both.
func TestRotate_TwoReplicas(t *testing.T) {
	s, ctx := oauthtest.Start(t), context.Background()
	db, err := sqlite.Open(ctx, s.Path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	other, err := s.Another(db)
	if err != nil {
		t.Fatal(err)
	}
	replicas := []*authserver.Server{s.Auth, other}
	key := s.Key("ada")
	first := keyIDs(t, s.Auth.JWKS())
	if len(first) != 1 || !slices.Equal(first, keyIDs(t, other.JWKS())) {
		t.Fatalf("the replicas publish %v and %v", first, keyIDs(t, other.JWKS()))
	}
	old := s.Token(key)

	rotated := oauthtest.Noon.Truncate(time.Second)
	s.At(rotated)
	term, err := s.Auth.Rotate(ctx)
	if err != nil || term.KeyID == first[0] || term.SignsFrom.Before(rotated.Add(accesstoken.PublicationLead)) {
		t.Fatalf("%+v, %v", term, err)
	}
	s.At(rotated.Add(time.Minute))
	if err := other.Reload(ctx); err != nil { // as every replica does each minute
		t.Fatal(err)
	}
	both := []string{first[0], term.KeyID}
	retires := term.SignsFrom.Add(accesstoken.Lifetime + accesstoken.ClockSkew)
	for _, step := range []struct {
		name      string
		at        time.Time
		published []string
		signs     string
	}{
		{"published", rotated.Add(time.Minute), both, first[0]},
		{"the last instant of the old one", term.SignsFrom.Add(-time.Nanosecond), both, first[0]},
		{"the new one signs", term.SignsFrom, both, term.KeyID},
		{"the old one is still published", retires.Add(-time.Nanosecond), both, term.KeyID},
		{"the old one is gone", retires, both[1:], term.KeyID},
	} {
		s.At(step.at)
		for i, replica := range replicas {
			if got := keyIDs(t, replica.JWKS()); !slices.Equal(got, step.published) {
				t.Errorf("%s, replica %d: publishes %v, want %v", step.name, i, got, step.published)
			}
			token, err := replica.Issue(ctx, address, key.ID, keyapi.NewSecret(key.Secret))
			if err != nil || signedBy(t, token.AccessToken.Reveal()) != step.signs {
				t.Errorf("%s, replica %d: %v, signed by another key than %s", step.name, i, err, step.signs)
				continue
			}
			for j, asked := range replicas {
				if _, good, err := asked.Introspect(ctx, authserver.Caller{Resource: "any"}, token.AccessToken); !good || err != nil {
					t.Errorf("%s: a token of replica %d at replica %d: good %t, %v", step.name, i, j, good, err)
				}
			}
		}
	}
	s.At(oauthtest.Noon.Truncate(time.Second).Add(accesstoken.Lifetime - time.Second))
	if _, good, err := other.Introspect(ctx, authserver.Caller{Resource: "any"}, keyapi.NewSecret(old)); !good || err != nil {
		t.Errorf("a token of before the rotation, before its end: good %t, %v", good, err)
	}
	s.At(retires)
	if _, err := other.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	terms, err := s.Auth.SigningKeys(ctx)
	if err != nil || len(terms) != 2 || terms[0].KeyID != term.KeyID {
		t.Errorf("after the next rotation: %+v, %v; want the retired key removed", terms, err)
	}
}

// TestOpen_TenAtOnce_OneFirstKey: replicas that start together on a new database agree on one signing key.
func TestOpen_TenAtOnce_OneFirstKey(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	path := filepath.Join(dir, "keys.db")
	now := func() time.Time { return oauthtest.Noon }
	var all sync.WaitGroup
	ids := make([][]string, 10)
	for i := range ids {
		all.Go(func() {
			db, err := sqlite.Open(ctx, path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = db.Close() }()
			master, err := masterkey.Open(ctx, filepath.Join(dir, "master.key"), db, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			keys := keyservice.New(db, master, keyservice.Policy{}, now, rand.Reader)
			server, err := authserver.Open(ctx, authserver.Options{
				Store: db, Key: master, Keys: keys, Issuer: "https://keys.example.com", Now: now, Random: rand.Reader,
			})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = keyIDs(t, server.JWKS())
		})
	}
	all.Wait()
	for _, got := range ids {
		if len(got) != 1 || !slices.Equal(got, ids[0]) {
			t.Fatalf("they have %v", ids)
		}
	}
}

// TestSigningKeys_NotReadableInTheDatabase: neither in the store's rows nor in its files, in no spelling.
func TestSigningKeys_NotReadableInTheDatabase(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	path := filepath.Join(dir, "keys.db")
	db, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	master, err := masterkey.Open(ctx, filepath.Join(dir, "master.key"), db, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return oauthtest.Noon }
	drawn := &bytes.Buffer{} // all that was drawn: the seed, then the nonce
	server, err := authserver.Open(ctx, authserver.Options{
		Store: db, Key: master, Keys: keyservice.New(db, master, keyservice.Policy{}, now, rand.Reader),
		Issuer: "https://keys.example.com", Now: now, Random: tee{drawn},
	})
	if err != nil {
		t.Fatal(err)
	}
	seed := drawn.Bytes()[:32]
	if _, err := accesstoken.SigningKeyFromSeed(keyIDs(t, server.JWKS())[0], seed, now()); err != nil {
		t.Fatalf("the test does not know the seed: %v", err)
	}
	var keys []store.SigningKey
	if err := db.Read(ctx, func(r store.Reader) (err error) {
		keys, err = r.SigningKeys()
		return err
	}); err != nil || len(keys) != 1 || bytes.Contains(keys[0].Sealed, seed) {
		t.Errorf("%d keys, %v, or one that can be read", len(keys), err)
	}
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, spelling := range [][]byte{seed, []byte(base64.StdEncoding.EncodeToString(seed)), []byte(base64.RawURLEncoding.EncodeToString(seed))} {
			if bytes.Contains(raw, spelling) {
				t.Errorf("the seed can be read in the file%s", suffix)
			}
		}
	}
}

// tee is rand.Reader, and keeps what it gave.
type tee struct{ kept *bytes.Buffer }

func (r tee) Read(p []byte) (int, error) {
	n, err := rand.Read(p)
	r.kept.Write(p[:n])
	return n, err
}

// TestOpen_OtherMasterKey_Refused: and nothing is made in place of what cannot be opened.
func TestOpen_OtherMasterKey_Refused(t *testing.T) {
	s, ctx := oauthtest.Start(t), context.Background()
	dir := t.TempDir()
	elsewhere, err := sqlite.Open(ctx, filepath.Join(dir, "keys.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = elsewhere.Close() })
	stranger, err := masterkey.Open(ctx, filepath.Join(dir, "master.key"), elsewhere, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o := authserver.Options{Store: s.DB, Key: stranger, Keys: s.Keys, Issuer: s.URL, Now: s.Now, Random: rand.Reader}
	_, err = authserver.Open(ctx, o)
	wantCode(t, err, keyapi.CodeUnavailable)
	if before := keyIDs(t, s.Auth.JWKS()); err == nil || !strings.Contains(err.Error(), before[0]) {
		t.Errorf("the error does not say which key: %v", err)
	}
	terms, err := s.Auth.SigningKeys(ctx)
	if err != nil || len(terms) != 1 {
		t.Errorf("afterwards: %d keys, %v", len(terms), err)
	}
}

// TestOpen_SealedKeyChanged_Refused: a sealed key counts under its own name only, and whole.
func TestOpen_SealedKeyChanged_Refused(t *testing.T) {
	for name, change := range map[string]func(k *store.SigningKey){
		"cut short":     func(k *store.SigningKey) { k.Sealed = k.Sealed[:4] },
		"nothing":       func(k *store.SigningKey) { k.Sealed = []byte{} },
		"a bit changed": func(k *store.SigningKey) { k.Sealed[20] ^= 1 },
		"another name":  func(k *store.SigningKey) { k.ID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := oauthtest.Start(t), context.Background()
			err := s.DB.Write(ctx, func(w store.Writer) error {
				keys, err := w.SigningKeys()
				if err != nil {
					return err
				}
				if err := w.DeleteSigningKey(keys[0].ID); err != nil {
					return err
				}
				change(&keys[0])
				return w.CreateSigningKey(keys[0])
			})
			wantCode(t, err, "")
			_, err = s.Another(s.DB)
			wantCode(t, err, keyapi.CodeUnavailable)
			before := s.Auth.JWKS()
			wantCode(t, s.Auth.Reload(ctx), keyapi.CodeUnavailable)
			if !bytes.Equal(before, s.Auth.JWKS()) {
				t.Error("a running server lost the keys it has")
			}
		})
	}
}

package oauthtest

import (
	"context"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/seal"
	"github.com/apikey-cli/apikey/internal/store"
)

// SigningKey gives the service's newest signing key, as one has it who stole the database with its master key: with
// it a test can sign what the service never would.
func (s *Service) SigningKey() accesstoken.SigningKey {
	s.t.Helper()
	var keys []store.SigningKey
	err := s.DB.Read(context.Background(), func(r store.Reader) (err error) {
		keys, err = r.SigningKeys()
		return err
	})
	if err != nil || len(keys) == 0 {
		s.t.Fatalf("%d signing keys, %v", len(keys), err)
	}
	newest := keys[len(keys)-1]
	seed, err := seal.Open(s.Master.Purpose(masterkey.PurposeSigningKeySeal), newest.Sealed, []byte(newest.ID))
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := accesstoken.SigningKeyFromSeed(newest.ID, seed, newest.CreatedAt)
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

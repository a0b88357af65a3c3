package main

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/cli"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// withoutKeyAPI makes the connection to a service that gives access tokens and has no key API. Nothing is sent before the
// first token that is wanted.
func withoutKeyAPI(to cli.Target, now func() time.Time) (*cli.Connection, error) {
	origin, path, err := foreign.Endpoint(to.TokenURL)
	if err != nil {
		return nil, err
	}
	client, err := keyapi.NewClient(keyapi.ClientOptions{
		Server: origin, TokenPath: path, CAFile: to.CAFile, Timeout: to.Timeout, UserAgent: "apikey/" + build().Number,
		Now: now, Random: rand.Reader, Log: to.Log,
	})
	if err != nil {
		return nil, err
	}
	// With its path: a key service of that origin whose login has the name of this profile keeps its own secrets.
	instance := origin + path
	service := foreign.New(foreign.Options{
		Notes:   filepath.Join(keeping.AccountDir(to.Data, instance, to.Profile), "foreign.json"),
		Account: to.Profile, Client: client, Now: now,
	})
	return &cli.Connection{
		Service: custody.Service{
			API: service, Instance: instance, Login: to.Profile, Place: to.TokenURL, AnyForm: true, Refuse: foreign.Refuse,
			Forget: service.Forget,
		},
		Server:  to.TokenURL,
		Foreign: service,
		Grant: func(ctx context.Context, accessKey string, secret keyapi.Secret) (custody.Token, error) {
			token, err := service.Token(ctx, accessKey, secret)
			return custody.Token{AccessToken: token.AccessToken, ExpiresAt: token.ExpiresAt}, err
		},
		Close: func() error { return nil },
	}, nil
}

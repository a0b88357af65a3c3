package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/apikey-cli/apikey/internal/cli"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// remote makes the connection to the key service a target names. Nothing is sent, and no session is looked for, before
// the first call that needs one.
func remote(to cli.Target, now func() time.Time) (*cli.Connection, error) {
	client, err := keyapi.NewClient(keyapi.ClientOptions{
		Server: to.Server, CAFile: to.CAFile, Timeout: to.Timeout, UserAgent: "apikey/" + build().Number,
		Now: now, Random: rand.Reader, Log: to.Log,
	})
	if err != nil {
		return nil, err
	}
	seat := signin.Seat{Server: to.Server, Origin: client.Origin(), Login: to.Login}
	api := signin.NewAPI(client, seat, to.Session(seat))
	return &cli.Connection{
		Service: custody.Service{API: api, Instance: seat.Origin, Login: seat.Login, Place: render.Place(seat.Server)},
		Server:  seat.Server,
		Remote:  &cli.Remote{Client: client, API: api, Seat: seat},
		Grant: func(ctx context.Context, accessKey string, secret keyapi.Secret) (custody.Token, error) {
			token, err := client.Token(ctx, accessKey, secret)
			return custody.Token{AccessToken: token.AccessToken, ExpiresAt: token.ExpiresAt}, err
		},
		Close: func() error { return nil },
	}, nil
}

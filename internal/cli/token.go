package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func tokenCommand(env *Env) *cobra.Command {
	var fresh, header bool
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print an access token, for calls of the API",
		Long: "Prints an access token for the kept key: the one got last, until five minutes\n" +
			"before its end, else a new one. With --header it is the line of an HTTP\n" +
			"header. APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET, if set, are used in place\n" +
			"of what is kept; then nothing is cached.",
		Example:           "  apikey token --header | curl --header @- https://api.example.com/\n  apikey token --fresh -o json",
		Annotations:       map[string]string{NeedsServer: "true"},
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			token, err := s.token(cmd.Context(), fresh)
			if err != nil {
				return err
			}
			return s.printToken(token, header)
		},
	}
	cmd.Flags().BoolVar(&fresh, "fresh", false, "get a new one in any case")
	cmd.Flags().BoolVar(&header, "header", false, "print the line \"Authorization: Bearer …\"")
	return cmd
}

type tokenJSON struct {
	Schema      int       `json:"schema"`
	AccessToken string    `json:"accessToken"`
	ExpiresAt   time.Time `json:"expiresAt"`
}

// printToken writes an access token. Unlike the secret it may go to a terminal: it ends by itself within the hour.
func (s *session) printToken(token custody.Token, header bool) error {
	text := token.AccessToken.Reveal()
	if s.out.JSON {
		return s.out.Object(tokenJSON{Schema: keyapi.Schema, AccessToken: text, ExpiresAt: token.ExpiresAt.UTC().Truncate(time.Second)})
	}
	if header {
		text = "Authorization: Bearer " + text
	}
	_, err := fmt.Fprintln(s.env.IO.Out, text)
	return err
}

// token gives an access token: for the pair in the environment, else for the kept key.
func (s *session) token(ctx context.Context, fresh bool) (token custody.Token, err error) {
	accessKey, secret, given, err := s.fromEnvironment()
	switch {
	case err != nil:
		return token, err
	case given:
		return s.grant(ctx, accessKey, secret)
	}
	err = s.changing(ctx, func(ctx context.Context, k keyed) (err error) {
		if k.conn.Grant == nil {
			return givesNoTokens()
		}
		token, err = k.keys.Token(ctx, fresh, func(ctx context.Context, accessKey string, secret keyapi.Secret) (custody.Token, error) {
			token, err := k.conn.Grant(ctx, accessKey, secret)
			return token, ofPair(err)
		})
		return err
	})
	return token, err
}

// grant gets an access token for a pair that was handed in: neither a session nor a store is needed for that.
func (s *session) grant(ctx context.Context, accessKey string, secret keyapi.Secret) (token custody.Token, err error) {
	ctx, stop := s.env.Signals(ctx)
	defer stop()
	conn, err := s.connect(ctx)
	if err != nil {
		return token, err
	}
	err = givesNoTokens()
	if conn.Grant != nil {
		token, err = conn.Grant(ctx, accessKey, secret)
	}
	return token, interrupted(ctx, errors.Join(ofPair(err), conn.Close()))
}

// ofPair says what to do about a pair that the service does not accept: signing in again is no help.
func ofPair(err error) error {
	var refused *keyapi.Error
	if !errors.As(err, &refused) || refused.Code != keyapi.CodeUnauthenticated || refused.Hint != "" {
		return err
	}
	told := *refused
	told.Hint = "Copy both again. If the key was replaced elsewhere, keep the new pair with: apikey import"
	return &told
}

func givesNoTokens() error {
	return keyapi.Errorf(keyapi.CodeUsage, "The embedded service gives no access tokens: it has no API to open with them",
		"Sign in to a service with: apikey login --server URL. The secret itself: apikey secret")
}

// pair hands the credential to show: the one in the environment, else the kept one.
func (s *session) pair(ctx context.Context, show func(accessKey string, secret keyapi.Secret) error) error {
	accessKey, secret, given, err := s.fromEnvironment()
	switch {
	case err != nil:
		return err
	case given:
		return show(accessKey, secret)
	default:
		return s.changing(ctx, func(ctx context.Context, k keyed) error { return k.keys.Secret(ctx, show) })
	}
}

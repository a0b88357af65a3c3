package daemon

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accesstoken"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func signingKeysCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "signing-keys",
		Short: "Manage the keys that sign access tokens",
		Args:  command.NoSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(signingKeysListCommand(env), signingKeysRotateCommand(env))
	return cmd
}

// termJSON is when a signing key does what; null = not known before there is a key after it.
type termJSON struct {
	KeyID     string     `json:"keyId"`
	CreatedAt time.Time  `json:"createdAt"`
	SignsFrom time.Time  `json:"signsFrom"`
	SignsTill *time.Time `json:"signsTill"`
	RetiresAt *time.Time `json:"retiresAt"`
}

type signingKeyListJSON struct {
	Schema     int        `json:"schema"`
	Items      []termJSON `json:"items"`
	NextCursor *string    `json:"nextCursor"` // always null: there are few
}

type signingKeyJSON struct {
	Schema int `json:"schema"`
	termJSON
}

func termObject(t accesstoken.Term) termJSON {
	return termJSON{
		KeyID: t.KeyID, CreatedAt: t.CreatedAt.UTC(), SignsFrom: t.SignsFrom.UTC(),
		SignsTill: timeOrNull(t.SignsTill), RetiresAt: timeOrNull(t.RetiresAt),
	}
}

func signingKeysListCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "list",
		Short:             "List the signing keys, oldest first",
		Example:           "  apikeyd signing-keys list",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, _ []string) error {
			return s.withAuthServer(ctx, func(tokens *authserver.Server) error {
				return signingKeysList(ctx, s, tokens)
			})
		}),
	}
}

func signingKeysList(ctx context.Context, s *session, tokens *authserver.Server) error {
	terms, err := tokens.SigningKeys(ctx)
	if err != nil {
		return err
	}
	page := signingKeyListJSON{Schema: keyapi.Schema, Items: []termJSON{}}
	var rows [][]string
	for _, t := range terms {
		page.Items = append(page.Items, termObject(t))
		rows = append(rows, []string{
			t.KeyID, s.out.Moment(t.SignsFrom), s.momentOrNone(t.SignsTill), s.momentOrNone(t.RetiresAt),
		})
	}
	if s.out.JSON {
		return s.out.Object(page)
	}
	return s.out.List([]string{"Key", "Signs from", "Signs till", "Accepted till"}, rows)
}

func (s *session) momentOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return s.out.Moment(t)
}

func signingKeysRotateCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Make the next signing key",
		Long: "Makes the next signing key: it is published at once and signs ten minutes later,\n" +
			"when everybody has it. Tokens of the key before it stay good until they end. Run\n" +
			"it every few months; a running service needs no restart.",
		Example:           "  apikeyd signing-keys rotate",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, _ []string) error {
			return s.withAuthServer(ctx, func(tokens *authserver.Server) error {
				return signingKeysRotate(ctx, s, tokens)
			})
		}),
	}
}

func signingKeysRotate(ctx context.Context, s *session, tokens *authserver.Server) error {
	term, err := tokens.Rotate(ctx)
	if err != nil {
		return err
	}
	s.notice("The next signing key is made.")
	return s.print(result{
		object: signingKeyJSON{Schema: keyapi.Schema, termJSON: termObject(term)},
		title:  "Signing key", rows: [][]string{{"Key", term.KeyID}, {"Signs from", s.out.Moment(term.SignsFrom)}},
	})
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The exit statuses of check that are no errors: the check was made, and this is what it found.
const (
	exitIdentity  = 4 // the account lacks something the service requires
	exitNotUsable = 5
	exitExpiring  = 8
)

type checkInput struct {
	within duration.Value
	live   bool
}

func checkCommand(env *Env) *cobra.Command {
	var in checkInput
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say in one line whether the key is usable; for cron and CI",
		Long: "Says in one line whether the key is usable. Exit status: 0 usable, 5 not\n" +
			"usable, 8 usable but expires within the time given; 4, 6 and 7 if the\n" +
			"account, the service or the secret store is what is wrong. With --live and\n" +
			"APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET it needs no session: it asks for an\n" +
			"access token with them, and no more.",
		Example:           "  apikey check --within 30d\n  apikey check --live",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.check(cmd.Context(), in)
		},
	}
	cmd.Flags().Var(&in.within, "within", "exit 8 if the key expires within this time")
	cmd.Flags().BoolVar(&in.live, "live", false, "also ask whether the kept secret is accepted")
	complete(cmd, "within", cobra.FixedCompletions([]string{"7d", "30d"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check looks at the key. If all there is is a pair in the environment, it tries that pair.
func (s *session) check(ctx context.Context, in checkInput) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if in.live {
		accessKey, secret, given, err := s.fromEnvironment()
		if err == nil && given {
			given, err = s.onlyPair(ctx, conn, accessKey)
		}
		if err != nil || given {
			if err == nil {
				err = s.tryPair(ctx, conn, in, accessKey, secret)
			}
			return errors.Join(err, conn.Close())
		}
	}
	return s.with(ctx, conn, func(ctx context.Context, k keyed) error { return check(ctx, k, in) })
}

// onlyPair tells whether nothing can be learned of a key but whether its pair is accepted: there is no session for its
// service, or what is known here is of another key.
func (s *session) onlyPair(ctx context.Context, conn *Connection, accessKey string) (bool, error) {
	switch {
	case conn.Foreign != nil:
		key, err := conn.Foreign.Key(ctx)
		return key.AccessKey != accessKey, err
	case conn.Remote != nil && s.given().IsZero():
		note, err := s.desk().Note(conn.Remote.Seat)
		return note.Store == "", err
	default:
		return false, nil
	}
}

// tryPair asks the service for an access token with a pair. One that is not accepted is an error.
func (s *session) tryPair(ctx context.Context, conn *Connection, in checkInput, accessKey string, secret keyapi.Secret) error {
	if in.within.Given {
		return keyapi.Errorf(keyapi.CodeUsage, "When the key expires is not known here", "Leave --within out.")
	}
	if _, err := conn.Grant(ctx, accessKey, secret); err != nil {
		return ofPair(err)
	}
	if s.out.JSON {
		return s.out.Section(render.Key{
			Key:     keyapi.Key{AccessKey: accessKey, Usable: true},
			Profile: s.settings.Profile, Server: conn.Server,
		})
	}
	if s.quiet {
		return nil
	}
	_, err := fmt.Fprintln(s.env.IO.Out, "usable: "+accessKey+" is accepted")
	return err
}

func check(ctx context.Context, k keyed, in checkInput) error {
	key, kept, err := k.look(ctx)
	if err != nil {
		return err
	}
	if in.live && key.Usable {
		if err := k.live(ctx); err != nil {
			return err
		}
	}
	if k.out.JSON {
		err = k.section(key, kept, nil, keyapi.Secret{})
	} else if !k.quiet {
		_, err = fmt.Fprintln(k.env.IO.Out, k.verdict(key))
	}
	if err != nil {
		return err
	}
	return k.finding(key, in.within)
}

// live asks the service about the secret in the environment, else about the one kept here.
func (k keyed) live(ctx context.Context) error {
	accessKey, secret, given, err := k.fromEnvironment()
	if err != nil {
		return err
	}
	if !given {
		if accessKey, secret, err = k.keys.Open(ctx); err != nil {
			return err
		}
	}
	return ofPair(k.conn.API.Authenticate(ctx, accessKey, secret))
}

func (s *session) verdict(key keyapi.Key) string {
	if !key.Usable {
		reasons := make([]string, len(key.BlockedBy))
		for i, b := range key.BlockedBy {
			reasons[i] = string(b)
		}
		return "not usable: " + strings.Join(reasons, ", ")
	}
	now := s.env.Now()
	return fmt.Sprintf("usable: %s expires %s (%s)", key.AccessKey,
		key.ExpiresAt.In(now.Location()).Format("2006-01-02"), render.Left(key.ExpiresAt.Sub(now)))
}

// finding gives the exit status of what was found, nil for usable.
func (s *session) finding(key keyapi.Key, within duration.Value) error {
	switch {
	case slices.Contains(key.BlockedBy, keyapi.BlockMFANotEnabled), slices.Contains(key.BlockedBy, keyapi.BlockNotPermitted):
		return command.QuietExit(exitIdentity)
	case !key.Usable:
		return command.QuietExit(exitNotUsable)
	case within.Given && key.ExpiresAt.Sub(s.env.Now()) <= within.Duration:
		return command.QuietExit(exitExpiring)
	default:
		return nil
	}
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/render"
)

func logoutCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Sign out of the key service",
		Long: "Ends the session you signed in with, at the service and on this machine. The\n" +
			"profile stays, and so does what is kept of a secret.",
		Example:           "  apikey logout",
		Annotations:       map[string]string{NeedsServer: "true"},
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			ctx, stop := env.Signals(cmd.Context())
			defer stop()
			return interrupted(ctx, s.logout(ctx))
		},
	}
}

func (s *session) logout(ctx context.Context) error {
	if err := s.embeddedRefusal(); err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	seat := conn.Remote.Seat
	changed, err := s.desk().SignOut(ctx, conn.Remote.Client, seat)
	if err != nil {
		return err
	}
	if changed {
		s.notice("You are signed out.")
	} else {
		s.notice("You are not signed in. Nothing was changed.")
	}
	if !s.given().IsZero() {
		s.notice("APIKEY_SESSION is set and still works.")
	}
	return s.out.SignedOut(render.SignedOut{Profile: s.settings.Profile, Server: seat.Server, Login: seat.Login, Changed: changed})
}

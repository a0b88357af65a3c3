package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func profileRemoveCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a profile and end its session",
		Long: "Removes a profile after a question, and ends its session. The key at the\n" +
			"service stays as it is, and so does a secret that is kept on this machine:\n" +
			"forget it first if it is of no use any more.",
		Args:              oneArg("name of the profile"),
		ValidArgsFunction: firstArg(completeProfiles(env)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.startNew(cmd)
			if err != nil {
				return err
			}
			ctx, stop := env.Signals(cmd.Context())
			defer stop()
			return interrupted(ctx, s.removeProfile(ctx, args[0], yes))
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}

func (s *session) removeProfile(ctx context.Context, name string, yes bool) error {
	if name == profile.Local {
		return keyapi.Errorf(keyapi.CodeUsage, "The profile local is built in and can't be removed",
			"Delete its key with: apikey --profile local delete")
	}
	e, err := s.existing(name)
	if err != nil {
		return err
	}
	// From here on the settings are those of this profile, whatever the command line says of servers.
	s.settings.Profile, s.settings.Server, s.settings.Login, s.settings.CAFile = e.Name, e.Server, e.Login, e.CAFile
	s.settings.TokenURL = e.TokenURL
	seat := signin.Seat{Server: e.Server, Login: e.Login}
	seat.Origin, _ = keyapi.Origin(e.Server) // without one there is nothing of it here
	kept, err := s.keptOf(ctx, seat)
	if err != nil {
		return err
	}
	if !yes {
		if err := s.popup.Confirm(ctx, removeQuestion(e, kept.AccessKey)); err != nil {
			return err
		}
	}
	if err := s.endSession(ctx, e, seat); err != nil {
		return err
	}
	if err := written(profile.Remove(s.settings.Config, e.Name)); err != nil {
		return err
	}
	s.notice("The profile " + e.Name + " is removed.")
	if kept.AccessKey != "" {
		s.notice("The secret of " + kept.AccessKey + " is still kept on this machine.")
	}
	return s.out.Profile(profile.Entry{Name: e.Name, Server: e.Server, TokenURL: e.TokenURL, Login: e.Login}, true)
}

// keptOf gives what this machine keeps for the profile of the settings.
func (s *session) keptOf(ctx context.Context, seat signin.Seat) (custody.Kept, error) {
	if s.settings.TokenURL == "" {
		return s.custodian(&Connection{Service: custody.Service{Instance: seat.Origin, Login: seat.Login}}).Kept()
	}
	conn, err := s.connect(ctx)
	if err != nil { // as an address that is none: then nothing was ever kept for it
		return custody.Kept{}, nil //nolint:nilerr // a profile that can't be used must still be removable
	}
	kept, err := s.custodian(conn).Kept()
	return kept, errors.Join(err, conn.Close())
}

func removeQuestion(e profile.Entry, accessKey string) popup.Question {
	body := []string{"Its session is ended. The key at the service stays as it is."}
	if e.TokenURL != "" {
		body = []string{"The key at the service stays as it is."}
	}
	if accessKey != "" {
		body = append(body, "The secret of "+accessKey+" stays on this machine;",
			"apikey --profile "+e.Name+" forget removes it first.")
	}
	body = append(body, "")
	if e.TokenURL == "" {
		body = append(body, "Account  "+e.Login)
	}
	return popup.Question{
		Title: "Remove the profile " + e.Name + "?", Confirm: "Remove", Cancel: keeping.Cancel,
		Body: append(body, "Service  "+e.Server+e.TokenURL),
	}
}

// endSession ends the session of a profile, unless another profile is of the same login at the same service.
func (s *session) endSession(ctx context.Context, e profile.Entry, seat signin.Seat) error {
	if seat.Origin == "" || seat.Login == "" {
		return nil
	}
	list, err := profile.List(s.settings.Config)
	if err != nil {
		return err
	}
	for _, other := range list {
		origin, err := keyapi.Origin(other.Server)
		if err == nil && other.Name != e.Name && origin == seat.Origin && other.Login == seat.Login {
			return nil
		}
	}
	conn, err := s.connect(ctx)
	if err != nil { // as a CA file that is gone: then only this machine can be told
		s.notice("The service was not told: " + err.Error() + ". There the session ends by its age.")
		_, err = s.desk().Forget(ctx, seat)
		return err
	}
	_, err = s.desk().SignOut(ctx, conn.Remote.Client, seat)
	return err
}

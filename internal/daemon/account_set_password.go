package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
)

func accountSetPasswordCommand(env *Env) *cobra.Command {
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "set-password LOGIN",
		Short: "Give an account another password",
		Long: "Gives an account another password and ends all its sessions, those of\n" +
			"pipelines too.",
		Example:           "  apikeyd account set-password ada",
		Args:              login(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAccounts(ctx, func(people *accounts.Service) error {
				return accountSetPassword(ctx, s, people, args[0], fromStdin)
			})
		}),
	}
	addPasswordFlag(cmd.Flags(), &fromStdin)
	return cmd
}

func accountSetPassword(ctx context.Context, s *session, people *accounts.Service, login string, fromStdin bool) error {
	if _, err := people.Show(ctx, login); err != nil { // before anything is asked
		return err
	}
	password, err := s.password(ctx, "The new password of "+login, fromStdin)
	if err != nil {
		return err
	}
	if err := people.SetPassword(ctx, login, password); err != nil {
		return err
	}
	s.notice("The password is set. All sessions of the account are ended.")
	return s.showAccount(ctx, people, login)
}

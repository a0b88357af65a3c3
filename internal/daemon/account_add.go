package daemon

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
)

func accountAddCommand(env *Env) *cobra.Command {
	var in accounts.NewAccount
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "add LOGIN",
		Short: "Add an account",
		Long: "Adds an account with a password. The first one makes the service: its\n" +
			"folder, database and master key.",
		Example:           "  apikeyd account add ada --email ada@example.com --key-permission",
		Args:              login(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			in.Login = args[0]
			return accountAdd(ctx, s, in, fromStdin)
		}),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&in.Email, "email", "", "`address` for notices")
	f.BoolVar(&in.Permitted, "key-permission", false, "the account may have an API key")
	addPasswordFlag(f, &fromStdin)
	complete(cmd, "email")
	return cmd
}

func accountAdd(ctx context.Context, s *session, in accounts.NewAccount, fromStdin bool) (err error) {
	if err := accounts.ValidLogin(in.Login); err != nil { // before anything is asked
		return err
	}
	if in.Password, err = s.password(ctx, "The password of "+in.Login, fromStdin); err != nil {
		return err
	}
	data, err := s.config.Place().Make(ctx, s.env.Random)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.DB.Close()) }()
	people := s.accounts(data)
	if err := people.Add(ctx, in); err != nil {
		return err
	}
	s.notice("The account is added.")
	return s.showAccount(ctx, people, in.Login)
}

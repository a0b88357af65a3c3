package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type removedJSON struct {
	Schema  int    `json:"schema"`
	Login   string `json:"login"`
	Removed bool   `json:"removed"`
}

func accountRemoveCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove LOGIN",
		Short: "Remove an account, its key and its audit trail",
		Long: "Removes an account and all that belongs to it, after a question: its key, its\n" +
			"sessions and its audit trail. To keep the trail, lock the account instead.",
		Example:           "  apikeyd account remove ada",
		Args:              login(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAccounts(ctx, func(people *accounts.Service) error { return accountRemove(ctx, s, people, args[0], yes) })
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}

func accountRemove(ctx context.Context, s *session, people *accounts.Service, login string, yes bool) error {
	d, err := people.Show(ctx, login)
	if err != nil {
		return err
	}
	if !yes {
		body := []string{"The account " + login + " is removed, with its sessions and its audit trail."}
		if d.Key.AccessKey != "" {
			body = append(body, "Its key "+d.Key.AccessKey+" stops working at once.")
		}
		err := s.asker("apikeyd account remove "+command.Quote(login)+" --yes").Confirm(ctx, popup.Question{
			Title: "Remove this account?", Body: append(body, "This cannot be undone."), Confirm: "Remove", Cancel: "Cancel",
		})
		if err != nil {
			return err
		}
	}
	if err := people.Remove(ctx, login); err != nil {
		return err
	}
	s.notice("The account is removed.")
	if s.out.JSON {
		return s.out.Object(removedJSON{Schema: keyapi.Schema, Login: login, Removed: true})
	}
	return nil
}

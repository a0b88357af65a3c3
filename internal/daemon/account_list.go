package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// pageSize is how many accounts a list shows if nothing else is said.
const pageSize = 100

type accountListInput struct {
	cursor string
	limit  int
}

type accountListJSON struct {
	Schema     int           `json:"schema"`
	Items      []accountJSON `json:"items"`
	NextCursor *string       `json:"nextCursor"`
}

func accountListCommand(env *Env) *cobra.Command {
	var in accountListInput
	cmd := &cobra.Command{
		Use:               "list",
		Short:             "List the accounts, in the order of their logins",
		Example:           "  apikeyd account list\n  apikeyd account list --limit 1000 -o json",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, _ []string) error {
			return s.withAccounts(ctx, func(people *accounts.Service) error { return accountList(ctx, s, people, in) })
		}),
	}
	cmd.Flags().StringVar(&in.cursor, "cursor", "", "go on from the `cursor` an earlier page ended with")
	cmd.Flags().IntVar(&in.limit, "limit", pageSize, "`number` of accounts of a page")
	complete(cmd, "cursor")
	complete(cmd, "limit")
	return cmd
}

func accountList(ctx context.Context, s *session, people *accounts.Service, in accountListInput) error {
	if in.limit < 1 {
		return keyapi.Errorf(keyapi.CodeUsage, "--limit must be at least 1", "")
	}
	found, err := people.List(ctx, in.cursor, in.limit+1) // one more tells whether there is a next page
	if err != nil {
		return err
	}
	next := ""
	if len(found) > in.limit {
		found = found[:in.limit]
		next = found[in.limit-1].Login
		s.notice("There is more: apikeyd account list --cursor " + command.Quote(next))
	}
	if s.out.JSON {
		page := accountListJSON{Schema: keyapi.Schema, Items: []accountJSON{}, NextCursor: orNull(next)}
		for _, a := range found {
			page.Items = append(page.Items, s.accountObject(a))
		}
		return s.out.Object(page)
	}
	rows := make([][]string, len(found))
	for i, a := range found {
		rows[i] = s.accountRow(a)
	}
	return s.out.List([]string{"Login", "May have a key", "Locked", "MFA", "Key", "Access Key"}, rows)
}

func (s *session) accountRow(a store.Account) []string {
	return []string{
		a.Login, yesNo(a.Permitted), yesNo(a.Locked), yesNo(a.MFAEnabled), string(a.Key.Status(s.env.Now())), a.Key.AccessKey,
	}
}

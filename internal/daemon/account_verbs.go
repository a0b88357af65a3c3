package daemon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
)

// accountVerb is a command that changes an account and needs nothing but its login, as data.
type accountVerb struct {
	name, short, long string
	do                func(*accounts.Service, context.Context, string) error
	done              string // what is said then; it is true too if it was so before
}

var accountVerbs = []accountVerb{
	{
		name: "grant", short: "Let an account have an API key", do: (*accounts.Service).Grant,
		done: "The account may have an API key.",
	},
	{
		name: "revoke", short: "Take the permission to have an API key away", do: (*accounts.Service).Revoke,
		long: "Takes the permission to have an API key away. A key the account has stays, and\n" +
			"does nothing until the permission is granted again; its access tokens end.",
		done: "The account may not have an API key.",
	},
	{
		name: "reset-mfa", short: "Turn MFA off for somebody who lost the authenticator", do: (*accounts.Service).ResetMFA,
		long: "Turns multi-factor authentication off for somebody who lost the authenticator\n" +
			"and the recovery codes. Make sure that it is them. Where the service requires\n" +
			"it, their key does nothing until they have set it up again.",
		done: "Multi-factor authentication is off for the account.",
	},
	{
		name: "lock", short: "Let nobody sign in to an account", do: (*accounts.Service).Lock,
		long: "Lets nobody sign in to an account, and ends its sessions and the access tokens\n" +
			"of its key.",
		done: "The account is locked.",
	},
	{
		name: "unlock", short: "Let the person of an account sign in again", do: (*accounts.Service).Unlock,
		long: "Lets the person of an account sign in again: after lock, or after too many\n" +
			"wrong codes.",
		done: "The account is not locked.",
	},
}

func (v accountVerb) build(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               v.name + " LOGIN",
		Short:             v.short,
		Long:              v.long,
		Example:           "  apikeyd account " + v.name + " ada",
		Args:              login(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAccounts(ctx, func(people *accounts.Service) error {
				if err := v.do(people, ctx, args[0]); err != nil {
					return err
				}
				s.notice(v.done)
				return s.showAccount(ctx, people, args[0])
			})
		}),
	}
}

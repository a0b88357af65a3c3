package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func sessionRevokeCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:               "revoke NAME|ID",
		Short:             "End a session",
		Long:              "Ends a session after a question: whoever uses it is signed out at once.",
		Args:              oneArg("name or id of the session"),
		ValidArgsFunction: cobra.NoFileCompletions, // the names are at the service, and completion asks nobody
		RunE:              env.account(func(ctx context.Context, a signedIn, args []string) error { return a.revokeSession(ctx, args[0], yes) }),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}

func (a signedIn) revokeSession(ctx context.Context, which string, yes bool) error {
	list, err := a.Client.Sessions(ctx)
	if err != nil {
		return a.ended(err)
	}
	found, err := findSession(list, which)
	if err != nil {
		return err
	}
	if !yes {
		if err := a.popup.Confirm(ctx, a.revokeQuestion(found)); err != nil {
			return err
		}
	}
	if err := a.Client.RevokeSession(ctx, found.ID); err != nil {
		return a.ended(err)
	}
	if found.Current && a.given().IsZero() {
		if _, err := a.desk().Forget(context.WithoutCancel(ctx), a.Seat); err != nil {
			return err
		}
	}
	a.notice("The session is ended.")
	return a.out.Revoked(render.Revoked{ID: found.ID, Name: found.Name})
}

// findSession finds a session by its id, else by its name. Error: CodeUsage if it is not there, or if two have the name.
func findSession(list []keyapi.SessionInfo, which string) (found keyapi.SessionInfo, err error) {
	named := 0
	for _, s := range list {
		if s.ID == which {
			return s, nil
		}
		if s.Name == which {
			found = s
			named++
		}
	}
	switch named {
	case 1:
		return found, nil
	case 0:
		return found, keyapi.Errorf(keyapi.CodeUsage, "There is no session "+command.Quote(which), "See them with: apikey session list")
	default:
		return found, keyapi.Errorf(keyapi.CodeUsage, "More than one session has the name "+command.Quote(which),
			"Give its id; see: apikey session list")
	}
}

func (a signedIn) revokeQuestion(s keyapi.SessionInfo) popup.Question {
	body := []string{"Whoever uses it is signed out at once."}
	if s.Current {
		body = []string{"It is the session you use now: you are signed out."}
	}
	name := s.Name
	if name == "" {
		name = "of a person, " + s.ID
	}
	return popup.Question{
		Title: "Revoke the session?", Confirm: "Revoke", Cancel: keeping.Cancel,
		Body: append(body, "", "Session  "+name, "Account  "+a.Seat.Login, "Service  "+a.Seat.Server),
	}
}

package daemon

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func resourceCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resource",
		Short: "Manage the resource servers, which may ask about access tokens",
		Long: "Manages the resource servers: the APIs that are given access tokens and ask this\n" +
			"service whether they are good (POST /introspect).",
		Args: command.NoSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(resourceAddCommand(env), resourceListCommand(env), resourceRemoveCommand(env))
	return cmd
}

// resourceName wants the name of a resource server.
func resourceName() cobra.PositionalArgs { return command.OneArg("the name of a resource server") }

// resourceJSON is a resource server in a list.
type resourceJSON struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

type resourceListJSON struct {
	Schema     int            `json:"schema"`
	Items      []resourceJSON `json:"items"`
	NextCursor *string        `json:"nextCursor"` // always null: there are few
}

// resourceAddedJSON is a wire form: the one place where the secret is shown.
type resourceAddedJSON struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

type resourceRemovedJSON struct {
	Schema  int    `json:"schema"`
	Name    string `json:"name"`
	Removed bool   `json:"removed"`
}

func resourceAddCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "add NAME",
		Short: "Add a resource server, and show its secret",
		Long: "Adds a resource server and shows its secret, this one time. With its name and\n" +
			"the secret, by HTTP Basic, it asks about tokens.",
		Example:           "  apikeyd resource add billing\n  apikeyd resource add billing -o json",
		Args:              resourceName(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAuthServer(ctx, func(tokens *authserver.Server) error {
				return resourceAdd(ctx, s, tokens, args[0])
			})
		}),
	}
}

func resourceAdd(ctx context.Context, s *session, tokens *authserver.Server, name string) error {
	secret, err := tokens.AddResource(ctx, name)
	if err != nil {
		return err
	}
	s.notice("The resource server is added. Its secret is shown this once: give it to it now.")
	return s.print(result{
		object: resourceAddedJSON{Schema: keyapi.Schema, Name: name, Secret: secret.Reveal()},
		title:  "Resource server", rows: [][]string{{"Name", name}, {"Secret", secret.Reveal()}},
	})
}

func resourceListCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:               "list",
		Short:             "List the resource servers",
		Example:           "  apikeyd resource list",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, _ []string) error {
			return s.withAuthServer(ctx, func(tokens *authserver.Server) error { return resourceList(ctx, s, tokens) })
		}),
	}
}

func resourceList(ctx context.Context, s *session, tokens *authserver.Server) error {
	all, err := tokens.Resources(ctx)
	if err != nil {
		return err
	}
	page := resourceListJSON{Schema: keyapi.Schema, Items: []resourceJSON{}}
	var rows [][]string
	for _, r := range all {
		page.Items = append(page.Items, resourceJSON{Name: r.Name, CreatedAt: r.CreatedAt.UTC()})
		rows = append(rows, []string{r.Name, s.out.Moment(r.CreatedAt)})
	}
	if s.out.JSON {
		return s.out.Object(page)
	}
	return s.out.List([]string{"Name", "Added"}, rows)
}

func resourceRemoveCommand(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:               "remove NAME",
		Short:             "Remove a resource server",
		Long:              "Removes a resource server, after a question: it can't ask about tokens any more.",
		Example:           "  apikeyd resource remove billing",
		Args:              resourceName(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: env.runs(func(ctx context.Context, s *session, args []string) error {
			return s.withAuthServer(ctx, func(tokens *authserver.Server) error {
				return resourceRemove(ctx, s, tokens, args[0], yes)
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it without a question")
	return cmd
}

func resourceRemove(ctx context.Context, s *session, tokens *authserver.Server, name string, yes bool) error {
	if !yes {
		if err := tokens.HasResource(ctx, name); err != nil {
			return err
		}
		err := s.asker("apikeyd resource remove "+command.Quote(name)+" --yes").Confirm(ctx, popup.Question{
			Title: "Remove this resource server?",
			Body: []string{
				name + " can't ask about access tokens any more: it will refuse all of them.",
				"A new secret is made when it is added again.",
			},
			Confirm: "Remove", Cancel: "Cancel",
		})
		if err != nil {
			return err
		}
	}
	if err := tokens.RemoveResource(ctx, name); err != nil {
		return err
	}
	s.notice("The resource server is removed.")
	if s.out.JSON {
		return s.out.Object(resourceRemovedJSON{Schema: keyapi.Schema, Name: name, Removed: true})
	}
	return nil
}

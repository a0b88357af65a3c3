package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// How long a pipeline's session lasts if nothing is said, and at most. Source: design, §6.
const (
	defaultTTL = 90 * duration.Day
	longestTTL = 365 * duration.Day
)

// pipelineVerbs are what a session of a pipeline may be allowed to do. "status" is always allowed.
var pipelineVerbs = []string{"status", "generate", "disable", "activate", "regenerate", "delete", "history"}

type sessionCreateInput struct {
	name  string
	allow []string
	ttl   duration.Value
}

func sessionCreateCommand(env *Env) *cobra.Command {
	var in sessionCreateInput
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a session for a pipeline and print its token, once",
		Long: "Makes a session for a pipeline, which signs in by no password: hand it the\n" +
			"token as APIKEY_SESSION, and the server as APIKEY_SERVER. It may see the\n" +
			"status and do what --allow names: generate, disable, activate, regenerate,\n" +
			"delete, history.",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.account(func(ctx context.Context, a signedIn, _ []string) error { return a.createSession(ctx, in) }),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&in.name, "name", "", "`name` to know it by")
	cmd.Flags().StringSliceVar(&in.allow, "allow", nil, "`actions` it may do, with commas between them")
	cmd.Flags().Var(&in.ttl, "ttl", "how long it lasts: 90d if not given, 365d at most")
	complete(cmd, "name", cobra.NoFileCompletions)
	complete(cmd, "allow", completeVerbs)
	complete(cmd, "ttl", cobra.FixedCompletions([]string{"7d", "30d", "90d", "365d"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// completeVerbs offers the next of a list of actions.
func completeVerbs(_ *cobra.Command, _ []string, typed string) (offers []string, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	for _, verb := range pipelineVerbs {
		if !strings.Contains(","+before, ","+verb+",") {
			offers = append(offers, before+verb)
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func (a signedIn) createSession(ctx context.Context, in sessionCreateInput) error {
	if in.name == "" {
		return keyapi.Errorf(keyapi.CodeUsage, "The session needs a name", "Add one you will know it by: --name ci")
	}
	ttl := defaultTTL
	if in.ttl.Given {
		ttl = in.ttl.Duration
	}
	if ttl > longestTTL {
		return keyapi.Errorf(keyapi.CodeUsage, "A session of a pipeline lasts 365 days at most", "For example: --ttl 365d")
	}
	if ttl < time.Second {
		return keyapi.Errorf(keyapi.CodeUsage, "The session must last for a while", "For example: --ttl 90d")
	}
	var info keyapi.SessionInfo
	var token keyapi.Secret
	err := a.withFreshCode(ctx, func() (err error) {
		info, token, err = a.Client.CreatePipelineSession(ctx, in.name, in.allow, ttl.Truncate(time.Second))
		return err
	})
	if err != nil {
		return err
	}
	a.notice("The session " + in.name + " is made. It lasts until " +
		info.ExpiresAt.In(a.env.Now().Location()).Format("2 January 2006") + ".\n" +
		"This is its token; it is not shown again. Hand it to the pipeline as\n" +
		"APIKEY_SESSION, with APIKEY_SERVER=" + a.Seat.Server)
	if err := a.out.NewSession(info, token); err != nil {
		// A token that nobody has seen must not stay alive.
		if endErr := a.Client.RevokeSession(context.WithoutCancel(ctx), info.ID); endErr != nil {
			a.log.Debug("the session whose token could not be printed was not ended", "error", endErr)
		}
		return err
	}
	return nil
}

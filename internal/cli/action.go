package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// verb is a command that does one of the page's actions, as data.
type verb struct {
	command cobra.Command // its words: Use, Aliases, Short, Long, Example
	action  keyapi.Action
	asks    bool   // has a pop-up, and so --yes
	makes   bool   // makes a secret, and so --show-secret and --secret-file
	done    string // what is said when it is done
	already string // what is said when there was nothing to do
	flags   func(v *verb, cmd *cobra.Command, in *custody.Intent) func()
}

// build makes the command of a verb. Every action is this one flow. flags may add flags of its own and gives a function
// that is called when they have been read.
func (v verb) build(env *Env) *cobra.Command {
	in := custody.Intent{Action: v.action}
	cmd := v.command
	cmd.Args = command.NoArgs
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	f := cmd.Flags()
	f.SortFlags = false
	if v.asks {
		f.BoolVarP(&in.Yes, "yes", "y", false, "do it without a question")
	}
	read := func() {}
	if v.flags != nil {
		read = v.flags(&v, &cmd, &in)
	}
	if v.makes {
		f.BoolVar(&in.ShowSecret, "show-secret", false, "print the new Access Secret too")
		f.StringVar(&in.SecretFile, "secret-file", "", "write the new Access Secret to a `file` too, mode 0600")
	}
	cmd.RunE = env.changes(func(ctx context.Context, k keyed) error {
		read()
		return k.keys.Act(ctx, in, func(out custody.Outcome) error {
			k.notice(v.sentence(env, out))
			return k.section(out.Key, out.Kept, &out.Changed, out.Secret)
		})
	})
	return &cmd
}

func (v verb) sentence(env *Env, out custody.Outcome) string {
	if !out.Changed {
		return v.already
	}
	return term.Paint(env.IO.ErrColor, term.Green, v.done)
}

package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// advised gives a code's exit status and hint.
func advised(code keyapi.Code) (status int, hint string) {
	a := adviceFor(code)
	return a.Exit, a.Hint
}

// Exit gives the exit status of an error of Run, 0 for none.
func Exit(err error) int { return command.Advice(advised).Status(err) }

// interrupted gives an error that came from a signal its code. What was underway and may have changed something has
// its own error; here nothing had.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && keyapi.CodeOf(err) != keyapi.CodeOutcomeUnknown {
		return &keyapi.Error{Code: keyapi.CodeInterrupted, Message: "Interrupted", Hint: "Run the same command again: it goes on from where it was."}
	}
	return err
}

// report writes an error to the error stream.
func (e *Env) report(cmd *cobra.Command, args []string, err error) {
	command.Advice(advised).Report(e.IO.Err, e.IO.ErrColor, e.wantsJSON(cmd, args), err)
}

// wantsJSON tells whether errors are to be JSON. It looks at the arguments themselves, since the command line may be
// what is wrong.
func (e *Env) wantsJSON(cmd *cobra.Command, args []string) bool {
	output := e.Getenv("APIKEY_OUTPUT")
	if f := cmd.Flags().Lookup("output"); f != nil && f.Changed {
		output = f.Value.String()
	}
	for i, arg := range args {
		switch {
		case arg == "--":
			return output == "json"
		case arg == "--jq" || strings.HasPrefix(arg, "--jq="), arg == "-ojson":
			output = "json"
		case arg == "-o" || arg == "--output":
			if i+1 < len(args) {
				output = args[i+1]
			}
		case strings.HasPrefix(arg, "--output="):
			output = strings.TrimPrefix(arg, "--output=")
		case strings.HasPrefix(arg, "-o="):
			output = strings.TrimPrefix(arg, "-o=")
		}
	}
	return output == "json"
}

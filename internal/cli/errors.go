package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// quietExit ends a run with an exit status and says nothing more: the result has said it.
type quietExit int

func (e quietExit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Exit gives the exit status of an error of Run, 0 for none.
func Exit(err error) int {
	var quiet quietExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	default:
		return adviceFor(keyapi.CodeOf(err)).Exit
	}
}

// interrupted gives an error that came from a signal its code. What was underway and may have changed something has
// its own error; here nothing had.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && keyapi.CodeOf(err) != keyapi.CodeOutcomeUnknown {
		return &keyapi.Error{Code: keyapi.CodeInterrupted, Message: "Interrupted", Hint: "Run the same command again: it goes on from where it was."}
	}
	return err
}

// described gives the error as the tool tells it: every error has a code, a message of one line and a hint.
func described(err error) keyapi.Error {
	var known *keyapi.Error
	if !errors.As(err, &known) {
		known = &keyapi.Error{Code: keyapi.CodeInternal, Message: "Something went wrong", Err: err}
	}
	told := *known
	told.Message = strings.Join(strings.Fields(known.Error()), " ")
	if told.Hint == "" {
		told.Hint = adviceFor(told.Code).Hint
	}
	return told
}

type errorJSON struct {
	Schema int `json:"schema"`
	Error  struct {
		Code       keyapi.Code `json:"code"`
		Message    string      `json:"message"`
		Hint       *string     `json:"hint"`
		ExitStatus int         `json:"exitStatus"`
		RequestID  *string     `json:"requestId"`
	} `json:"error"`
}

// report writes an error to the error stream: for people one line what happened and one what to do, for programs one
// JSON object.
func (e *Env) report(cmd *cobra.Command, args []string, err error) {
	var quiet quietExit
	if errors.As(err, &quiet) {
		return
	}
	told := described(err)
	if e.wantsJSON(cmd, args) {
		o := errorJSON{Schema: keyapi.Schema}
		o.Error.Code, o.Error.Message, o.Error.ExitStatus = told.Code, told.Message, Exit(err)
		if told.Hint != "" {
			o.Error.Hint = &told.Hint
		}
		if told.RequestID != "" {
			o.Error.RequestID = &told.RequestID
		}
		data, _ := json.Marshal(o) // strings and a number: it can't fail
		_, _ = fmt.Fprintln(e.IO.Err, string(data))
		return
	}
	line := told.Message
	if told.Code != keyapi.CodeCancelled {
		line = term.Paint(e.IO.ErrColor, term.Red, "error:") + " " + strings.TrimSuffix(told.Message, ".") + "."
	}
	_, _ = fmt.Fprintln(e.IO.Err, line)
	if told.Hint != "" {
		_, _ = fmt.Fprintln(e.IO.Err, told.Hint)
	}
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

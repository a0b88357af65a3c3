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

// advice is what the tool makes of a code: its exit status and, where the error itself has none, what to do next.
type advice struct {
	exit int
	hint string
}

// advices has a row for every code: scripts rely on the exit statuses.
var advices = map[keyapi.Code]advice{
	keyapi.CodeInternal: {1, "This is a defect of apikey or of the system under it; --debug shows more."},

	keyapi.CodeUsage:                {2, "See: apikey --help"},
	keyapi.CodeConfirmationRequired: {2, "Add --yes to do it without a question."},
	keyapi.CodeInvalidRequest:       {2, "See: apikey --help"},
	keyapi.CodeIdempotencyMismatch:  {2, "Run the command again."},

	keyapi.CodeCancelled: {3, ""},

	keyapi.CodeUnauthenticated:   {4, "Sign in again with: apikey login"},
	keyapi.CodeOTPRequired:       {4, "Give the six digits your authenticator app shows."},
	keyapi.CodeOTPInvalid:        {4, "Wait for the next code of your authenticator app and try again."},
	keyapi.CodeNotPermitted:      {4, "Ask your administrator for the API key permission."},
	keyapi.CodeMFANotEnabled:     {4, "Set up multi-factor authentication first: apikey mfa setup"},
	keyapi.CodeMFAAlreadyEnabled: {4, "It is on already: there is nothing to set up."},

	keyapi.CodeNoKey:           {5, "Make one with: apikey generate"},
	keyapi.CodeKeyExists:       {5, "See it with: apikey status. Replace it with: apikey regenerate"},
	keyapi.CodeKeyExpired:      {5, "Get a new one with: apikey regenerate"},
	keyapi.CodeKeyDisabled:     {5, "Activate it with: apikey activate"},
	keyapi.CodeVersionConflict: {5, "Look at it with: apikey status. Then run the command again."},
	keyapi.CodeNoSecret:        {5, "Keep one you have with: apikey import. Make a new one with: apikey regenerate"},
	keyapi.CodeSuperseded:      {5, "Make a new one with: apikey regenerate"},
	keyapi.CodeNotExecuted:     {5, "Run the command again."},

	keyapi.CodeUnreachable:    {6, "Nothing was changed. Check the address and your connection, then run the command again."},
	keyapi.CodeOutcomeUnknown: {6, "Run the same command again: it finds out and goes on from there."},
	keyapi.CodeRateLimited:    {6, "Wait a while, then run the command again."},
	keyapi.CodeUnavailable:    {6, "Run the command again later."},

	keyapi.CodeStoreUnavailable: {7, "Set APIKEY_STORE=file to keep the secret in a private file instead."},
	keyapi.CodeStoreLocked:      {7, "Unlock your keyring and run the command again."},
	keyapi.CodeStoreDenied:      {7, "Allow apikey to use the store and run the command again."},
	keyapi.CodeStoreTimeout:     {7, "See whether your keyring waits for an answer, then run the command again."},
	keyapi.CodeStoreTooBig:      {7, "Set APIKEY_STORE=file to keep the secret in a private file instead."},
	keyapi.CodeStoreFailed:      {7, "Mend the store, or choose another with APIKEY_STORE."},

	keyapi.CodeInterrupted: {130, ""},
}

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
		return advices[keyapi.CodeOf(err)].exit
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
		told.Hint = advices[told.Code].hint
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

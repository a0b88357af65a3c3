package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// QuietExit ends a run with an exit status and says nothing more: the result has said it.
type QuietExit int

// Error implements error.
func (e QuietExit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Advice is what a program makes of a code: its exit status, and what to do about an error that does not say it itself;
// "" = nothing.
type Advice func(keyapi.Code) (status int, hint string)

// Status gives the exit status of an error, 0 for none.
func (a Advice) Status(err error) int {
	var quiet QuietExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	}
	status, _ := a(keyapi.CodeOf(err))
	return status
}

// secretForm finds what may be one of our secrets: an Access Secret, a session, an Idempotency-Key, an access token. It is
// made only when there is an error, every start would pay for it.
const secretForm = `(aks_|aps_|\bik_|\beyJ)[0-9A-Za-z_.-]{8,}`

// Described gives the error as the program tells it: every error has a code, a message of one line and a hint. A secret
// that was typed where it does not belong is not repeated: logs keep what is said.
func (a Advice) Described(err error) keyapi.Error {
	var known *keyapi.Error
	if !errors.As(err, &known) {
		known = &keyapi.Error{Code: keyapi.CodeInternal, Message: "Something went wrong", Err: err}
	}
	told := *known
	told.Message = strings.Join(strings.Fields(known.Error()), " ")
	if told.Hint == "" {
		_, told.Hint = a(told.Code)
	}
	secret := regexp.MustCompile(secretForm)
	told.Message, told.Hint = secret.ReplaceAllString(told.Message, "***"), secret.ReplaceAllString(told.Hint, "***")
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

// Report writes an error: for people one line what happened and one what to do, for programs one JSON object.
func (a Advice) Report(w io.Writer, color, asJSON bool, err error) {
	var quiet QuietExit
	if errors.As(err, &quiet) {
		return
	}
	told := a.Described(err)
	if asJSON {
		o := errorJSON{Schema: keyapi.Schema}
		o.Error.Code, o.Error.Message, o.Error.ExitStatus = told.Code, told.Message, a.Status(err)
		if told.Hint != "" {
			o.Error.Hint = &told.Hint
		}
		if told.RequestID != "" {
			o.Error.RequestID = &told.RequestID
		}
		data, _ := json.Marshal(o) // strings and a number: it can't fail
		_, _ = fmt.Fprintln(w, string(data))
		return
	}
	line := told.Message
	if told.Code != keyapi.CodeCancelled {
		line = term.Paint(color, term.Red, "error:") + " " + strings.TrimSuffix(told.Message, ".") + "."
	}
	_, _ = fmt.Fprintln(w, line)
	if told.Hint != "" {
		_, _ = fmt.Fprintln(w, told.Hint)
	}
}

package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// QuietExit ends a run with an exit status and says nothing more: the result has said it.
type QuietExit int

// Error implements error.
func (e QuietExit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// statuses are the exit statuses of the codes (the design, §3); every other code is 1.
var statuses = map[keyapi.Code]int{
	keyapi.CodeUsage: 2, keyapi.CodeConfirmationRequired: 2, keyapi.CodeInvalidRequest: 2,
	keyapi.CodeCancelled: 3, keyapi.CodeRateLimited: 6, keyapi.CodeUnavailable: 6, keyapi.CodeInterrupted: 130,
}

// Status gives the exit status of an error, 0 for none.
func Status(err error) int {
	var quiet QuietExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	}
	if status := statuses[keyapi.CodeOf(err)]; status != 0 {
		return status
	}
	return 1
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
func Report(w io.Writer, color, asJSON bool, err error) {
	var quiet QuietExit
	if errors.As(err, &quiet) {
		return
	}
	var known *keyapi.Error
	if !errors.As(err, &known) {
		known = &keyapi.Error{Code: keyapi.CodeInternal, Message: "Something went wrong", Err: err}
	}
	message := strings.Join(strings.Fields(known.Error()), " ")
	if asJSON {
		o := errorJSON{Schema: keyapi.Schema}
		o.Error.Code, o.Error.Message, o.Error.ExitStatus = known.Code, message, Status(err)
		if known.Hint != "" {
			o.Error.Hint = &known.Hint
		}
		data, _ := json.Marshal(o) // strings and a number: it can't fail
		_, _ = fmt.Fprintln(w, string(data))
		return
	}
	if known.Code != keyapi.CodeCancelled {
		message = term.Paint(color, term.Red, "error:") + " " + strings.TrimSuffix(message, ".") + "."
	}
	_, _ = fmt.Fprintln(w, message)
	if known.Hint != "" {
		_, _ = fmt.Fprintln(w, known.Hint)
	}
}

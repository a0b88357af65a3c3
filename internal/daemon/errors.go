package daemon

import (
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// statuses are the exit statuses of the codes (the design, §3); every other code is 1.
var statuses = map[keyapi.Code]int{
	keyapi.CodeUsage: 2, keyapi.CodeConfirmationRequired: 2, keyapi.CodeInvalidRequest: 2,
	keyapi.CodeCancelled: 3, keyapi.CodeRateLimited: 6, keyapi.CodeUnavailable: 6, keyapi.CodeInterrupted: 130,
}

// advice has no hints: an operator's errors bring their own.
func advice(code keyapi.Code) (status int, hint string) {
	if status = statuses[code]; status == 0 {
		status = 1
	}
	return status, ""
}

// Exit gives the exit status of an error of Run, 0 for none.
func Exit(err error) int { return command.Advice(advice).Status(err) }

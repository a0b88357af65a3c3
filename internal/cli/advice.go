package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Advice is what the tool makes of a code.
type Advice struct {
	Code     keyapi.Code
	Exit     int    // the exit status; scripts rely on it
	Happened string // one sentence
	Changed  string // whether anything was changed
	Hint     string // what to do next, where the error itself does not say; "" = nothing
}

// advices has a row for every code, in the order of the exit statuses. The program, its help and docs/errors.md are this
// table.
var advices = []Advice{
	{keyapi.CodeInternal, 1, "Something went wrong that should not.", "perhaps",
		"This is a defect of apikey or of the system under it; --debug shows more."},

	{keyapi.CodeUsage, 2, "The command line, a variable or the configuration is wrong.", "no",
		"See: apikey --help"},
	{keyapi.CodeConfirmationRequired, 2, "A question could not be asked: no terminal, CI is set, or --no-input is given.", "no",
		"Add --yes to do it without a question."},
	{keyapi.CodeInvalidRequest, 2, "A value is not one the service takes.", "no",
		"See: apikey --help"},
	{keyapi.CodeIdempotencyMismatch, 2, "The name of one request was used for another.", "no",
		"Run the command again."},

	{keyapi.CodeCancelled, 3, "A pop-up was left by Cancel, Esc, Ctrl-C, Ctrl-D or the end of the input.", "no",
		""},

	{keyapi.CodeUnauthenticated, 4, "The service does not know you, the session is over, or a secret is wrong.", "no",
		"Sign in again with: apikey login"},
	{keyapi.CodeOTPRequired, 4, "A code of your authenticator app is needed and could not be asked for.", "no",
		"Give the six digits your authenticator app shows."},
	{keyapi.CodeOTPInvalid, 4, "The code is wrong, or was used already.", "no",
		"Wait for the next code of your authenticator app and try again."},
	{keyapi.CodeNotPermitted, 4, "Your login, or the session of the pipeline, may not do that.", "no",
		"Ask your administrator for the API key permission."},
	{keyapi.CodeMFANotEnabled, 4, "The service requires multi-factor authentication, and it is off for your account.", "no",
		"Set up multi-factor authentication first: apikey mfa setup"},
	{keyapi.CodeMFAAlreadyEnabled, 4, "Multi-factor authentication is on already.", "no",
		"It is on already: there is nothing to set up."},

	{keyapi.CodeNoKey, 5, "There is no API key.", "no",
		"Make one with: apikey generate"},
	{keyapi.CodeKeyExists, 5, "There is an API key already.", "no",
		"See it with: apikey status. Replace it with: apikey regenerate"},
	{keyapi.CodeKeyExpired, 5, "The API key has expired.", "no",
		"Get a new one with: apikey regenerate"},
	{keyapi.CodeKeyDisabled, 5, "The API key is disabled.", "no",
		"Activate it with: apikey activate"},
	{keyapi.CodeVersionConflict, 5, "The API key was changed after the pop-up showed it.", "not by this run",
		"Look at it with: apikey status. Then run the command again."},
	{keyapi.CodeNoSecret, 5, "No Access Secret is kept on this machine.", "no",
		"Keep one you have with: apikey import. Make a new one with: apikey regenerate"},
	{keyapi.CodeSuperseded, 5, "The key that was meant is not the live one any more.", "no",
		"Make a new one with: apikey regenerate"},
	{keyapi.CodeNotExecuted, 5, "Nothing was done under the name of a request.", "no",
		"Run the command again."},

	{keyapi.CodeUnreachable, 6, "The service could not be reached: nothing was sent to it.", "no",
		"Nothing was changed. Check the address and your connection, then run the command again."},
	{keyapi.CodeOutcomeUnknown, 6, "The request was sent and not answered.", "perhaps",
		"Run the same command again: it finds out and goes on from there."},
	{keyapi.CodeRateLimited, 6, "Too many requests or wrong tries.", "no",
		"Wait a while, then run the command again."},
	{keyapi.CodeUnavailable, 6, "The service, or its database, cannot answer now.", "no",
		"Run the command again later."},

	{keyapi.CodeStoreUnavailable, 7, "No keyring can be reached on this machine, or the helper cannot be run.", "no, or the new key is made: the message says so",
		"Set APIKEY_STORE=file to keep the secret in a private file instead."},
	{keyapi.CodeStoreLocked, 7, "The keyring is locked, or nobody can be asked for the passphrase.", "no, or the new key is made: the message says so",
		"Unlock your keyring, or set APIKEY_PASSPHRASE_FILE, and run the command again."},
	{keyapi.CodeStoreDenied, 7, "The store refused, or a file is not private.", "no, or the new key is made: the message says so",
		"Allow apikey to use the store and run the command again."},
	{keyapi.CodeStoreTimeout, 7, "The keyring, or the helper, did not answer in time.", "no, or the new key is made: the message says so",
		"See whether it waits for an answer, then run the command again."},
	{keyapi.CodeStoreTooBig, 7, "The secret is too big for the keyring.", "no, or the new key is made: the message says so",
		"Set APIKEY_STORE=file to keep the secret in a private file instead."},
	{keyapi.CodeStoreFailed, 7, "The store or the data folder failed.", "no, or the new key is made: the message says so",
		"Mend the store, or choose another with APIKEY_STORE."},

	{keyapi.CodeInterrupted, 130, "A signal ended the run before anything was done.", "no",
		""},
}

// Advices gives the table of all codes, in the order of their exit statuses.
func Advices() []Advice { return append([]Advice(nil), advices...) }

// adviceFor gives the row of a code; of one that is not in the table, that of a defect.
func adviceFor(code keyapi.Code) Advice {
	for _, a := range advices {
		if a.Code == code {
			return a
		}
	}
	return advices[0]
}

// errorsTopic is the help about errors. It is no command: apikey help errors shows it.
func errorsTopic() *cobra.Command {
	topic := &cobra.Command{Use: "errors", Short: "What each error means, whether anything was changed, and what to do"}
	topic.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printAdvices(cmd.OutOrStdout()) })
	return topic
}

func printAdvices(out io.Writer) {
	_, _ = fmt.Fprint(out, "Every error has a code and an exit status. With -o json the code is in the error\n"+
		"object on standard error: decide on it, never on the text.\n")
	status := 0
	for _, a := range advices {
		if a.Exit != status {
			status = a.Exit
			_, _ = fmt.Fprintf(out, "\nExit status %d\n", status)
		}
		_, _ = fmt.Fprintf(out, "  %s\n      %s\n      Was anything changed? %s.\n", a.Code, a.Happened, a.Changed)
		if a.Hint != "" {
			_, _ = fmt.Fprintf(out, "      %s\n", a.Hint)
		}
	}
}

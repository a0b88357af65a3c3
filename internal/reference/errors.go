package main

import (
	"bytes"
	"fmt"

	"github.com/apikey-cli/apikey/internal/cli"
)

// errorsPage writes the table of all codes.
func errorsPage() []byte {
	var b bytes.Buffer
	b.WriteString("# Errors\n\nEvery error of `apikey` has a code and an exit status. People get a line that says what happened and one that " +
		"says\nwhat to do; with `-o json` the same is one object on standard error:\n" +
		"`{\"schema\":1,\"error\":{\"code\",\"message\",\"hint\",\"exitStatus\",\"requestId\"}}`. Decide on the code, never on the text.\n" +
		"`apikey help errors` shows this table.\n\n" +
		"| exit status | code | what happened | was anything changed? | what to do |\n|---|---|---|---|---|\n")
	for _, a := range cli.Advices() {
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s |\n", a.Exit, a.Code, a.Happened, a.Changed, a.Hint)
	}
	b.WriteString("\n`check` ends with 8 if the key expires within the time given: that is a finding, not an error.\n")
	return b.Bytes()
}

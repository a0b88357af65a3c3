package cli

import (
	"io"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// resultWriter is standard output. That it cannot be written is no defect of the tool, and says nothing of what was
// done.
type resultWriter struct {
	io.Writer
	failed error // the first error; cobra says nothing of those it meets while it writes its help
}

func (w *resultWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = &keyapi.Error{
			Code: keyapi.CodeInternal, Message: "The result could not be written", Err: err,
			Hint: "See where standard output goes. What was asked for may be done: look with apikey status",
		}
	}
	if w.failed == nil {
		w.failed = err
	}
	return n, err
}

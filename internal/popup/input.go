package popup

import (
	"io"
	"os"
)

// Watched gives the input with an eye on its end: bubbletea stops reading without a word and would wait for ever. What
// it gives is for one form or program; stop must be called after it. Errors: a terminal that cannot be waited for.
func Watched(in io.Reader, ended func()) (from io.Reader, stop func(), err error) {
	if f, ok := in.(*os.File); ok {
		return watchedTerminal(f, ended)
	}
	return &watchedReader{Reader: in, ended: ended}, func() {}, nil
}

type watchedReader struct {
	io.Reader
	ended func()
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil {
		w.ended()
	}
	return n, err
}

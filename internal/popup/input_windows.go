package popup

import (
	"io"
	"os"
)

// terminalFile stays a file: bubbletea reads keys from the console itself if that is what it is.
type terminalFile struct {
	*os.File
	ended func()
}

func watchedTerminal(f *os.File, ended func()) (io.Reader, func(), error) {
	return &terminalFile{File: f, ended: ended}, func() {}, nil
}

func (w *terminalFile) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	if err != nil || n == 0 {
		w.ended()
	}
	return n, err
}

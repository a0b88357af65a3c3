//go:build !windows

package popup

import (
	"io"
	"os"
	"sync"

	"github.com/muesli/cancelreader"
)

// terminalFile is so much of a file that bubbletea sets the terminal's mode, and so little, for want of a name, that it
// leaves the waiting to us: its own reader is closed while it may still be read from.
type terminalFile struct {
	file    *os.File
	reader  cancelreader.CancelReader
	ended   func()
	reading sync.Mutex
}

func watchedTerminal(f *os.File, ended func()) (io.Reader, func(), error) {
	reader, err := cancelreader.NewReader(f)
	if err != nil {
		return nil, nil, err
	}
	w := &terminalFile{file: f, reader: reader, ended: ended}
	return w, w.stop, nil
}

func (w *terminalFile) Read(p []byte) (int, error) {
	w.reading.Lock()
	defer w.reading.Unlock()
	n, err := w.reader.Read(p)
	if err != nil || n == 0 {
		w.ended()
	}
	return n, err
}

// stop ends the reading. What is typed from here on is for who asks next.
func (w *terminalFile) stop() {
	if w.reader.Cancel() {
		w.reading.Lock() // until the read that was on its way is back
		defer w.reading.Unlock()
	}
	_ = w.reader.Close()
}

func (w *terminalFile) Write(p []byte) (int, error) { return w.file.Write(p) }

// Close does nothing: the file is not ours.
func (w *terminalFile) Close() error { return nil }

func (w *terminalFile) Fd() uintptr { return w.file.Fd() }

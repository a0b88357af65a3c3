// Package term holds the streams of a run and the facts of the terminal behind them. They are passed in, never read from
// globals, and finding them out writes not a byte to the terminal.
package term

import (
	"io"
	"os"

	"golang.org/x/term"
)

// defaultWidth is taken where there is no terminal to ask.
const defaultWidth = 80

// IO is where a run reads and writes.
type IO struct {
	In                    io.Reader
	Out, Err              io.Writer
	InTTY, OutTTY, ErrTTY bool // whether each is a terminal
	Width                 int  // columns of the terminal on Out
	Color, ErrColor       bool // colours may be written to Out, to Err
	Dumb                  bool // the terminal can do nothing but lines (TERM=dumb)
}

// System finds the facts of a process's own streams. getenv gives the environment.
func System(stdin, stdout, stderr *os.File, getenv func(string) string) *IO {
	o := &IO{
		In: stdin, Out: stdout, Err: stderr, Width: defaultWidth, Dumb: getenv("TERM") == "dumb",
		InTTY: isTerminal(stdin), OutTTY: isTerminal(stdout), ErrTTY: isTerminal(stderr),
	}
	colour := getenv("NO_COLOR") == "" && !o.Dumb
	o.Color, o.ErrColor = colour && o.OutTTY, colour && o.ErrTTY
	if o.OutTTY {
		if width, _, err := term.GetSize(int(stdout.Fd())); err == nil && width > 0 {
			o.Width = width
		}
	}
	return o
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

package popup

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// huh has an accessible mode of its own; it prints to standard output, takes the end of the input for the default answer
// and loses lines that were pasted ahead. Hence these plain lines.

func (a *Asker) confirmLine(ctx context.Context, q Question) bool {
	a.printf("%s\n", q.Title)
	for _, line := range q.Body {
		a.printf("%s\n", line)
	}
	a.printf("Type %q to go on, or press Enter to cancel: ", q.Confirm)
	answer, ok := a.readLine(ctx)
	return ok && same(answer, q.Confirm)
}

func (a *Asker) askLines(ctx context.Context, title string, fields []Field) ([]string, bool) {
	a.printf("%s\n", title)
	values := make([]string, len(fields))
	for i, field := range fields {
		for {
			a.printf("%s: ", field.Title)
			read := a.readLine
			if field.Secret {
				read = a.readHidden
			}
			text, ok := read(ctx)
			if !ok || text == "" { // an empty line is the way out
				return nil, false
			}
			values[i] = strings.TrimSpace(text)
			if field.Validate == nil {
				break
			}
			err := field.Validate(values[i])
			if err == nil {
				break
			}
			a.printf("%s\n", err)
		}
	}
	return values, true
}

func (a *Asker) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.io.Err, format, args...)
}

// readLine reads one line and not a byte more: what was pasted after it is for the next question. A last line without
// its end is none: the input ended, and that is Cancel.
func (a *Asker) readLine(ctx context.Context) (string, bool) {
	type result struct {
		text string
		ok   bool
	}
	done := make(chan result, 1)
	go func() { // a read of a terminal can't be interrupted; the context can
		text, ok := readLine(a.io.In)
		done <- result{text, ok}
	}()
	select {
	case r := <-done:
		if !r.ok {
			a.printf("\n")
		}
		return r.text, r.ok
	case <-ctx.Done():
		a.printf("\n")
		return "", false
	}
}

func readLine(r io.Reader) (string, bool) {
	var line strings.Builder
	for one := make([]byte, 1); ; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(line.String(), "\r"), true
		case n == 1:
			line.WriteByte(one[0])
		case err != nil:
			return "", false
		}
	}
}

// readHidden reads a line with the terminal's echo off.
func (a *Asker) readHidden(ctx context.Context) (string, bool) {
	f, ok := a.io.In.(*os.File)
	if !ok {
		return a.readLine(ctx)
	}
	state, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", false
	}
	defer func() { _ = term.Restore(int(f.Fd()), state) }()
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(int(f.Fd())) // reads byte by byte, so it loses nothing either
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		a.printf("\n")
		return string(r.text), r.err == nil
	case <-ctx.Done():
		a.printf("\n")
		return "", false
	}
}

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
	a.printf("Type %q to go on, or press Enter for Cancel: ", q.Confirm)
	answer, ok := a.readLine(ctx)
	return ok && same(answer, q.Confirm)
}

func (a *Asker) askLines(ctx context.Context, title string, fields []Field) ([]string, bool) {
	if title != "" {
		a.printf("%s\n", title)
	}
	values := make([]string, len(fields))
	for i, field := range fields {
		for {
			text, ok := a.readField(ctx, field)
			if !ok || text == "" { // an empty line is the way out
				return nil, false
			}
			values[i] = field.Entered(text)
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

func (a *Asker) readField(ctx context.Context, field Field) (string, bool) {
	prompt := field.Title + ": "
	if field.Hint != "" {
		prompt = field.Title + " (" + field.Hint + "): "
	}
	if field.Secret {
		return a.readHidden(ctx, prompt)
	}
	a.printf("%s", prompt)
	return a.readLine(ctx)
}

func (a *Asker) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.io.Err, format, args...)
}

// readLine reads one line and not a byte more: what was pasted after it is for the next question. A last line without
// its end is none: the input ended, and that is Cancel.
func (a *Asker) readLine(ctx context.Context) (string, bool) {
	text, ok := within(ctx, func() (string, bool) { return readLine(a.io.In) })
	if !ok {
		a.printf("\n")
	}
	return text, ok
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

// readHidden asks for a line that is not shown. The echo is off before the prompt is out, so that not even the first
// character of what is pasted at once can be seen. Raw mode is the only portable way to that; the few keys that mean
// something are handled here.
func (a *Asker) readHidden(ctx context.Context, prompt string) (string, bool) {
	f, ok := a.io.In.(*os.File)
	if !ok {
		a.printf("%s", prompt)
		return a.readLine(ctx)
	}
	state, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return "", false
	}
	defer func() {
		_ = term.Restore(int(f.Fd()), state)
		a.printf("\n")
	}()
	a.printf("%s", prompt)
	return within(ctx, func() (string, bool) { return hiddenLine(f) })
}

// The keys of a line that is not shown.
const (
	ctrlC, ctrlD, backspace, ctrlU, escape, del = 3, 4, 8, 21, 27, 127
)

// hiddenLine reads a line from a terminal in raw mode.
func hiddenLine(r io.Reader) (string, bool) {
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := r.Read(one)
		switch {
		case n == 0 && err != nil:
			return "", false
		case n == 0:
		case one[0] == '\r' || one[0] == '\n':
			return string(line), true
		case one[0] == ctrlC || one[0] == ctrlD || one[0] == escape:
			return "", false
		case one[0] == ctrlU:
			line = line[:0]
		case one[0] == backspace || one[0] == del:
			line = line[:max(len(line)-1, 0)]
		default:
			line = append(line, one[0])
		}
	}
}

// within runs a read of a terminal, which can't be interrupted, beside the context, which can.
func within(ctx context.Context, read func() (string, bool)) (string, bool) {
	type result struct {
		text string
		ok   bool
	}
	done := make(chan result, 1)
	go func() {
		text, ok := read()
		done <- result{text, ok}
	}()
	select {
	case r := <-done:
		return r.text, r.ok
	case <-ctx.Done():
		return "", false
	}
}

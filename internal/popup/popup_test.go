package popup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The pop-ups themselves are tested on a real terminal, in cmd/apikey. Here is what needs none.

var question = popup.Question{Title: "Disable the API key?", Body: []string{"It stops.", "", "Key  AK0"}, Confirm: "Disable", Cancel: "Cancel"}

func plain(in io.Reader) (*popup.Asker, *bytes.Buffer) {
	var out bytes.Buffer
	io := &term.IO{In: in, Out: failing{}, Err: &out, InTTY: true, ErrTTY: true, Width: 80}
	return popup.New(io, popup.Options{Accessible: true, Instead: "apikey disable --yes"}), &out
}

// failing is a standard output nothing may be written to: questions go to the error stream.
type failing struct{}

func (failing) Write(p []byte) (int, error) {
	panic("a question was written to standard output: " + string(p))
}

func TestMayAsk(t *testing.T) {
	for _, test := range []struct {
		in, err bool
		o       popup.Options
		want    bool
		says    string
	}{
		{true, true, popup.Options{}, true, ""},
		{false, true, popup.Options{}, false, "there is no terminal"},
		{true, false, popup.Options{}, false, "there is no terminal"},
		{true, true, popup.Options{CI: true}, false, "CI is set"},
		{true, true, popup.Options{NoInput: true}, false, "--no-input is given"},
	} {
		test.o.Instead = "apikey disable --yes"
		a := popup.New(&term.IO{In: strings.NewReader("y\n"), Out: failing{}, Err: &bytes.Buffer{}, InTTY: test.in, ErrTTY: test.err, Dumb: true}, test.o)
		if a.MayAsk() != test.want {
			t.Errorf("%+v: %v", test, a.MayAsk())
		}
		err := a.Confirm(context.Background(), question)
		_, askErr := a.Ask(context.Background(), "Title", popup.Field{Title: "Name"})
		if test.want {
			continue
		}
		for _, err := range []error{err, askErr} {
			var told *keyapi.Error
			if !errors.As(err, &told) || told.Code != keyapi.CodeConfirmationRequired || !strings.Contains(told.Message, test.says) || told.Hint != "Run: apikey disable --yes" {
				t.Errorf("%+v: %+v", test, err)
			}
		}
	}
}

func TestPlain_Answers(t *testing.T) {
	for answer, want := range map[string]keyapi.Code{
		"Disable\n": "", "disable\n": "", "  DISABLE \r\n": "", "y\n": "", "Yes\n": "",
		"\n": keyapi.CodeCancelled, "n\n": keyapi.CodeCancelled, "disabled\n": keyapi.CodeCancelled, "cancel\n": keyapi.CodeCancelled,
		"": keyapi.CodeCancelled, "Disable": keyapi.CodeCancelled, // the input ended: nobody pressed Enter
	} {
		a, out := plain(strings.NewReader(answer))
		if err := a.Confirm(context.Background(), question); keyapi.CodeOf(err) != want {
			t.Errorf("%q: %v", answer, err)
		}
		text := out.String()
		if !strings.HasPrefix(text, "Disable the API key?\nIt stops.\n\nKey  AK0\nType \"Disable\" to go on, or press Enter for Cancel: ") || strings.Contains(text, "\x1b") {
			t.Errorf("asked %q", text)
		}
	}
}

func TestPlain_PastedLines_AreForTheNextQuestion(t *testing.T) {
	for _, in := range []io.Reader{strings.NewReader("yes\nno\nyes\n"), iotest.OneByteReader(strings.NewReader("yes\nno\nyes\n"))} {
		a, _ := plain(in)
		for i, want := range []keyapi.Code{"", keyapi.CodeCancelled, "", keyapi.CodeCancelled} {
			if err := a.Confirm(context.Background(), question); keyapi.CodeOf(err) != want {
				t.Errorf("question %d: %v", i, err)
			}
		}
	}
}

func TestPlain_CancelledContext(t *testing.T) {
	silent, _ := io.Pipe() // nobody ever types
	a, _ := plain(silent)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.Confirm(ctx, question); keyapi.CodeOf(err) != keyapi.CodeCancelled {
		t.Errorf("got %v", err)
	}
}

func TestPlain_Ask_UntilItIsValid(t *testing.T) {
	a, out := plain(strings.NewReader("wrong\n right \nother\n"))
	values, err := a.Ask(context.Background(), "Two things",
		popup.Field{Title: "First", Validate: func(text string) error {
			if text != "right" {
				return errors.New("That is not right")
			}
			return nil
		}},
		popup.Field{Title: "Second"},
	)
	if err != nil || strings.Join(values, ",") != "right,other" {
		t.Errorf("%q, %v", values, err)
	}
	if got := out.String(); got != "Two things\nFirst: That is not right\nFirst: Second: " {
		t.Errorf("asked %q", got)
	}
	for _, input := range []string{"", "\n", "right\n", "right\n\n"} {
		a, _ := plain(strings.NewReader(input))
		if _, err := a.Ask(context.Background(), "T", popup.Field{Title: "First"}, popup.Field{Title: "Second"}); keyapi.CodeOf(err) != keyapi.CodeCancelled {
			t.Errorf("%q: %v", input, err)
		}
	}
}

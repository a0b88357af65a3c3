//go:build unix

package popup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// scriptVariable makes the test program be the program on the terminal: it holds what that one shall ask.
const scriptVariable = "POPUP_TEST_SCRIPT"

// script is what the program on the terminal asks, one after the other, until one is not answered.
type script struct {
	Options  popup.Options
	Confirms []popup.Question
	Form     string // title of a form that comes after them; "" if none
	Fields   []field
}

// field is a popup.Field without its function, which cannot come by the environment: what starts with "wrong" is not
// valid.
type field struct {
	Title, Hint string
	Secret      bool
}

func validate(text string) error {
	if strings.HasPrefix(text, "wrong") {
		return errors.New("That is not right")
	}
	return nil
}

func TestMain(m *testing.M) {
	if text := os.Getenv(scriptVariable); text != "" {
		os.Exit(play(text))
	}
	os.Exit(m.Run())
}

// exits are the statuses by which play tells how it ended.
var exits = map[keyapi.Code]int{"": 0, keyapi.CodeConfirmationRequired: 2, keyapi.CodeCancelled: 3}

func play(text string) int {
	var s script
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	a := popup.New(term.System(os.Stdin, os.Stdout, os.Stderr, os.Getenv), s.Options)
	values, err := ask(ctx, a, s)
	var told *keyapi.Error
	switch {
	case err == nil:
		fmt.Printf("answered %x\n", strings.Join(values, ",")) // in hex, so that it is not taken for an echo
	case errors.As(err, &told):
		fmt.Printf("%s: %s %s\n", told.Code, told.Message, told.Hint)
	}
	status, known := exits[keyapi.CodeOf(err)]
	if !known {
		return 1
	}
	return status
}

func ask(ctx context.Context, a *popup.Asker, s script) (values []string, err error) {
	for _, q := range s.Confirms {
		if err := a.Confirm(ctx, q); err != nil {
			return nil, err
		}
	}
	if s.Form == "" {
		return nil, nil
	}
	var fields []popup.Field
	for _, f := range s.Fields {
		fields = append(fields, popup.Field{Title: f.Title, Hint: f.Hint, Secret: f.Secret, Validate: validate})
	}
	return a.Ask(ctx, s.Form, fields...)
}

//go:build unix

package popup_test

import (
	"context"
	"io"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/creack/pty"
	xterm "golang.org/x/term"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// questions are the ways to ask, each with what it writes when it is ready.
func questions() map[string]struct {
	o   popup.Options
	ask func(context.Context, *popup.Asker) error
} {
	confirm := func(ctx context.Context, a *popup.Asker) error { return a.Confirm(ctx, question) }
	secret := func(ctx context.Context, a *popup.Asker) error {
		_, err := a.Ask(ctx, "One thing", popup.Field{Title: "Password", Secret: true})
		return err
	}
	return map[string]struct {
		o   popup.Options
		ask func(context.Context, *popup.Asker) error
	}{
		"Confirm": {popup.Options{}, confirm}, "Ask": {popup.Options{}, secret},
		"Confirm_Plain": {popup.Options{Accessible: true}, confirm}, "Ask_Plain": {popup.Options{Accessible: true}, secret},
	}
}

// open gives a terminal: its far side and an IO on the near one.
func open(t *testing.T) (master, slave *os.File, o *term.IO) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		testkit.Missing(t, "pty", err.Error(), "mount -t devpts devpts /dev/pts")
	}
	t.Cleanup(func() { _, _ = slave.Close(), master.Close() })
	if err := pty.Setsize(master, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	return master, slave, &term.IO{In: slave, Out: failing{}, Err: slave, InTTY: true, ErrTTY: true, Width: 80}
}

// asked runs a question until it has begun to write, then does something and gives how the question ended.
func asked(t *testing.T, ctx context.Context, ask func(context.Context, *popup.Asker) error, a *popup.Asker, master *os.File, then func()) keyapi.Code {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- ask(ctx, a) }()
	if _, err := master.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	then()
	select {
	case err := <-ended:
		return keyapi.CodeOf(err)
	case <-time.After(20 * time.Second):
		t.Fatal("the question did not end")
		return ""
	}
}

// A terminal may vanish without a signal: under nohup, or when it is not the one that controls the process. What is left
// is a read that fails, of which bubbletea says nothing.
func TestClosedTerminal_WithoutASignal_IsCancelled(t *testing.T) {
	for name, q := range questions() {
		t.Run(name, func(t *testing.T) {
			master, _, o := open(t)
			if code := asked(t, t.Context(), q.ask, popup.New(o, q.o), master, func() { _ = master.Close() }); code != keyapi.CodeCancelled {
				t.Errorf("got %q", code)
			}
		})
	}
}

func TestCancelledContext_RestoresTheTerminal(t *testing.T) {
	for name, q := range questions() {
		t.Run(name, func(t *testing.T) {
			master, slave, o := open(t)
			before, err := xterm.GetState(int(slave.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			drain := func() { go func() { _, _ = io.Copy(io.Discard, master) }() }
			if code := asked(t, ctx, q.ask, popup.New(o, q.o), master, func() { drain(); cancel() }); code != keyapi.CodeCancelled {
				t.Errorf("got %q", code)
			}
			if after, err := xterm.GetState(int(slave.Fd())); err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("the modes were %+v and are %+v (%v)", before, after, err)
			}
		})
	}
}

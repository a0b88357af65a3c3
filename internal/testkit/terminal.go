//go:build unix

package testkit

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// patience bounds every wait for a program; no test passes because of it.
const patience = 20 * time.Second

// Terminal is a program under test on a terminal of its own: a real PTY with an emulated screen that, unless it is mute,
// answers the program's queries.
type Terminal struct {
	t      testing.TB
	cmd    *exec.Cmd
	master *os.File
	screen vt10x.Terminal

	patience time.Duration

	mu   sync.Mutex
	raw  []byte
	ends chan struct{} // closed when the program's side is closed
	exit chan error
}

// TerminalOptions say how a program is started.
type TerminalOptions struct {
	Env        []string // the whole environment
	Dir        string
	Cols, Rows int           // 80 × 24 if not set
	Stdin      *os.File      // in place of the terminal
	Mute       bool          // the terminal never answers a query
	Patience   time.Duration // how long a wait for the program may take at most; 20 s if not set
}

// StartTerminal starts a program on a terminal. It is killed when the test ends, if it still runs.
func StartTerminal(t testing.TB, o TerminalOptions, path string, args ...string) *Terminal {
	t.Helper()
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Cols == 0 {
		o.Cols, o.Rows = 80, 24
	}
	master, slave, err := pty.Open()
	if err != nil {
		Missing(t, "pty", err.Error(), "mount -t devpts devpts /dev/pts")
	}
	defer func() { _ = slave.Close() }()
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(o.Cols), Rows: uint16(o.Rows)}); err != nil {
		t.Fatal(err)
	}
	master = pollable(t, master)
	term := &Terminal{t: t, patience: o.Patience, master: master, ends: make(chan struct{}), exit: make(chan error, 1)}
	answers := io.Writer(master)
	if o.Mute {
		answers = io.Discard
	}
	term.screen = vt10x.New(vt10x.WithSize(o.Cols, o.Rows), vt10x.WithWriter(answers))
	term.cmd = exec.Command(path, args...)
	term.cmd.Env, term.cmd.Dir = o.Env, o.Dir
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	ctty := 0
	if o.Stdin != nil {
		term.cmd.Stdin, ctty = o.Stdin, 1
	}
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: ctty}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	go func() { term.exit <- term.cmd.Wait() }()
	t.Cleanup(func() {
		_ = term.cmd.Process.Kill()
		_ = master.Close()
	})
	return term
}

// pollable gives the same file in a form whose Close ends a Read: the terminal must be able to be closed under a program
// while its output is read.
func pollable(t testing.TB, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return os.NewFile(uintptr(fd), f.Name())
}

func (term *Terminal) read() {
	defer close(term.ends)
	buf := make([]byte, 4096)
	var held []byte
	for {
		n, err := term.master.Read(buf)
		term.mu.Lock()
		term.raw = append(term.raw, buf[:n]...)
		term.mu.Unlock()
		held = term.draw(append(held, buf[:n]...))
		if err != nil {
			return
		}
	}
}

// keyboardMode matches what programs say to terminals with other keyboard protocols, and unfinished the start of a
// sequence at the end of what was read. The emulated screen would take the former for "go back to where the cursor was
// saved", which clears it; a real terminal that does not know them ignores them.
var (
	keyboardMode = regexp.MustCompile(`\x1b\[[<=>?][0-9;]*u`)
	unfinished   = regexp.MustCompile(`\x1b(\[[0-?]*)?$`)
)

// draw shows what a program wrote on the screen, and gives the part that waits for the rest of its sequence.
func (term *Terminal) draw(text []byte) (held []byte) {
	if at := unfinished.FindIndex(text); at != nil {
		text, held = text[:at[0]], slices.Clone(text[at[0]:])
	}
	_, _ = term.screen.Write(keyboardMode.ReplaceAll(text, nil))
	return held
}

// Raw gives every byte the program has written so far.
func (term *Terminal) Raw() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return string(slices.Clone(term.raw))
}

// Screen gives the text of the screen, without the blanks at the ends of lines.
func (term *Terminal) Screen() string {
	lines := strings.Split(term.screen.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// WaitFor waits until the screen shows a text.
func (term *Terminal) WaitFor(text string) {
	term.t.Helper()
	deadline := time.Now().Add(term.patience)
	for !strings.Contains(term.Screen(), text) {
		if time.Now().After(deadline) {
			term.t.Fatalf("the screen never showed %q:\n%s", text, term.Screen())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Send types.
func (term *Terminal) Send(keys string) {
	term.t.Helper()
	if _, err := term.master.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// Resize makes the terminal larger or smaller, as dragging its window does: the program is told by a signal.
func (term *Terminal) Resize(cols, rows int) {
	term.t.Helper()
	term.screen.Resize(cols, rows)
	if err := pty.Setsize(term.master, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
}

// Signal sends the program a signal.
func (term *Terminal) Signal(s os.Signal) { _ = term.cmd.Process.Signal(s) }

// Close closes the terminal under the program, as a closed window does.
func (term *Terminal) Close() { _ = term.master.Close() }

// Wait waits for the program and gives its exit status; -1 if a signal ended it.
func (term *Terminal) Wait() int {
	term.t.Helper()
	select {
	case err := <-term.exit:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			term.t.Fatal(err)
		}
	case <-time.After(term.patience):
		term.t.Fatalf("the program did not end:\n%s", term.Screen())
	}
	select { // what it wrote last
	case <-term.ends:
	case <-time.After(patience):
		term.t.Fatal("the terminal is still open")
	}
	return term.cmd.ProcessState.ExitCode()
}

// Cooked tells whether the terminal echoes and edits lines, as it did before the program changed it.
func (term *Terminal) Cooked() bool {
	conn, err := term.master.SyscallConn()
	if err != nil {
		term.t.Fatal(err)
	}
	cooked := false
	err = conn.Control(func(fd uintptr) {
		state, err := unix.IoctlGetTermios(int(fd), getTermios)
		cooked = err == nil && state.Lflag&unix.ECHO != 0 && state.Lflag&unix.ICANON != 0
	})
	return err == nil && cooked
}

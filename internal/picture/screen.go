//go:build unix

package main

import (
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// run runs a command on a terminal until the screen shows a text, and gives the screen.
func run(env []string, command, until string, cols, rows int, patience time.Duration) ([][]vt10x.Glyph, error) {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Env = env
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		return nil, err
	}
	defer func() { _ = master.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	term := vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(master))
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = term.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	for deadline := time.Now().Add(patience); !strings.Contains(term.String(), until); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return nil, errors.New("the screen never showed " + until + ":\n" + term.String())
		}
	}
	time.Sleep(100 * time.Millisecond) // the rest of the frame
	screen := make([][]vt10x.Glyph, rows)
	for y := range screen {
		screen[y] = make([]vt10x.Glyph, cols)
		for x := range screen[y] {
			screen[y][x] = term.Cell(x, y)
		}
	}
	return screen, nil
}

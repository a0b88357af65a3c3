//go:build unix

package main

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// keyboardMode matches what programs say to terminals with other keyboard protocols, and unfinished the start of a
// sequence at the end of what was read. The emulated screen would take the former for "go back to where the cursor was
// saved", which clears it.
var (
	keyboardMode = regexp.MustCompile(`\x1b\[[<=>?][0-9;]*u`)
	unfinished   = regexp.MustCompile(`\x1b(\[[0-?]*)?$`)
)

// run runs a command on a terminal until the screen shows all the texts, and gives the screen when it is at rest.
func run(env []string, command string, until []string, cols, rows int) ([][]vt10x.Glyph, error) {
	cmd := exec.Command("/bin/sh", "-c", "exec "+command)
	cmd.Env = env
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		return nil, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = master.Close() }()
	term := vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(master))
	go func() {
		buf := make([]byte, 4096)
		var text []byte
		for {
			n, err := master.Read(buf)
			text = append(text, buf[:n]...)
			end := len(text)
			if at := unfinished.FindIndex(text); at != nil {
				end = at[0]
			}
			_, _ = term.Write(keyboardMode.ReplaceAll(text[:end], nil))
			text = append([]byte(nil), text[end:]...)
			if err != nil {
				return
			}
		}
	}()
	for deadline, last := time.Now().Add(patience), ""; ; time.Sleep(200 * time.Millisecond) {
		now := term.String()
		if now == last && shows(now, until) {
			return cells(term, cols, rows), nil
		}
		if time.Now().After(deadline) {
			return nil, errors.New("the screen never showed " + strings.Join(until, " and ") + ":\n" + now)
		}
		last = now
	}
}

func shows(screen string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			return false
		}
	}
	return true
}

func cells(term vt10x.Terminal, cols, rows int) [][]vt10x.Glyph {
	screen := make([][]vt10x.Glyph, rows)
	for y := range screen {
		screen[y] = make([]vt10x.Glyph, cols)
		for x := range screen[y] {
			screen[y][x] = term.Cell(x, y)
			if screen[y][x].Char == 0 {
				screen[y][x].Char = ' '
			}
		}
	}
	return screen
}

// rename puts a name in the place of one that is not shorter, where it stands as a word of its own; what stands after it
// stays where it is.
func rename(screen [][]vt10x.Glyph, from, to string) {
	old, name := []rune(" "+from+" "), []rune(" "+to)
	if len(from) < len(to) {
		return
	}
	for _, row := range screen {
		for x := 0; x+len(old) <= len(row); x++ {
			same := true
			for i, r := range old {
				same = same && row[x+i].Char == r
			}
			for i := range old {
				if same {
					row[x+i].Char = ' '
				}
				if same && i < len(name) {
					row[x+i].Char = name[i]
				}
			}
		}
	}
}

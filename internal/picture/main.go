//go:build unix

// Command picture makes the pictures of the docs: it runs the real program on a real terminal and draws the screens as
// SVG.
//
//	go run ./internal/picture docs/images
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// shot is one picture: what is run before it, and the command whose screen it shows.
type shot struct {
	name    string
	prepare []string
	command string
	until   string // what is on the screen when it is taken
	cols    int
	rows    int
}

var shots = []shot{
	{"status", []string{"apikey generate"}, "apikey status", "╰", 62, 20},
	{"regenerate", []string{"apikey generate"}, "apikey regenerate", "n Cancel", 62, 14},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: picture FOLDER")
		os.Exit(2)
	}
	if err := draw(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func draw(folder string) error {
	bin, err := os.MkdirTemp("", "apikey-picture-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(bin) }()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "apikey"), "./cmd/apikey")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, s := range shots {
		picture, err := s.take(bin)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, s.name+".svg"), []byte(picture), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// take runs the shot in a home of its own and gives its screen as SVG.
func (s shot) take(bin string) (string, error) {
	home, err := os.MkdirTemp("", "ada-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(home) }()
	env := []string{"HOME=" + home, "PATH=" + bin + ":/usr/bin:/bin", "TERM=xterm-256color", "APIKEY_STORE=file"}
	for _, line := range s.prepare {
		cmd := exec.Command("/bin/sh", "-c", line)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	screen, err := run(env, s.command, s.until, s.cols, s.rows, 10*time.Second)
	if err != nil {
		return "", err
	}
	return svg(s.command, screen), nil
}

//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"time"
)

// shot is one picture: what is run before it, and the command whose screen it shows.
type shot struct {
	name    string
	service bool // ada is signed in to a key service; else the service inside the tool is used
	prepare []string
	command string
	until   []string // what is on the screen when it is taken
	cols    int
	rows    int
}

// makesKey brings a key and has no screen of its own.
const makesKey = "apikey generate"

var shots = []shot{
	{"status", false, []string{makesKey}, "apikey status", []string{"╰"}, 54, 20},
	{"regenerate", false, []string{makesKey}, "apikey regenerate", []string{"n Cancel"}, 62, 14},
	{"panel", true, []string{makesKey}, "apikey ui", []string{"Expires", "q quit"}, 78, 22},
	{"mfa-setup", true, nil, "apikey mfa setup", []string{"The six digits", "enter"}, 64, 40},
	{"doctor", true, []string{makesKey}, "apikey doctor", []string{"╰"}, 80, 36},
}

// patience bounds the wait for a program.
const patience = 60 * time.Second

// take runs the shot in a home of its own, with the programs of the folder bin, and gives its screen as SVG.
func (s shot) take(bin string) (string, error) {
	work, err := os.MkdirTemp("/tmp", "") // short: doctor shows paths
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	home := filepath.Join(work, "ada")
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", err
	}
	env := []string{
		"HOME=" + home, "PATH=" + bin + ":/usr/bin:/bin", "TERM=xterm-256color", "LANG=C.UTF-8", "APIKEY_STORE=file",
	}
	prepare := s.prepare
	if s.service {
		address, stop, err := serve(bin, filepath.Join(work, "apikeyd"))
		if err != nil {
			return "", err
		}
		defer stop()
		prepare = append([]string{
			"echo '" + password + "' | apikey login --server " + address + " --profile work --login-id ada --password-stdin",
		}, prepare...)
	}
	for _, line := range prepare {
		cmd := exec.Command("/bin/sh", "-c", line)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	screen, err := run(env, s.command, s.until, s.cols, s.rows)
	if err != nil {
		return "", err
	}
	if u, err := user.Current(); err == nil { // the account of the service inside the tool is named after them
		rename(screen, u.Username, "ada")
	}
	return svg(s.command, screen), nil
}

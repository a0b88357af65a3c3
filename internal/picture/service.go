//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const password = "correct horse battery"

// serve starts a key service on the loopback interface with the account ada, and gives its address and what ends it.
func serve(bin, data string) (address string, stop func(), err error) {
	program := filepath.Join(bin, "apikeyd")
	env := append(os.Environ(), "APIKEYD_DATA="+data)
	add := exec.Command(program, "account", "add", "ada", "--key-permission", "--password-stdin")
	add.Env, add.Stdin = env, strings.NewReader(password)
	if out, err := add.CombinedOutput(); err != nil {
		return "", nil, errors.New(string(out))
	}
	cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--mfa", "optional")
	cmd.Env = env
	log, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	lines := json.NewDecoder(log)
	for {
		var line struct {
			Address string `json:"address"`
		}
		if err := lines.Decode(&line); err != nil {
			stop()
			return "", nil, err
		}
		if line.Address != "" {
			return line.Address, stop, nil
		}
	}
}

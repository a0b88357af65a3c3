//go:build unix

package testkit

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// SecretServiceState is how a user's keyring stands.
type SecretServiceState int

// The states in which programs meet a keyring.
const (
	Unlocked      SecretServiceState = iota
	Locked                           // the session was not unlocked
	WrongPassword                    // it was unlocked with another password: the daemon says nothing and every call fails
	Silent                           // the bus accepts and never answers
)

const installKeyring = "apt-get install gnome-keyring dbus"

// busConfig is a session bus that starts no service by itself: a locked keyring must not bring up a prompt window.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

// SecretService starts a session bus with a real gnome-keyring of its own and gives the environment that leads to it:
// HOME, XDG_RUNTIME_DIR and DBUS_SESSION_BUS_ADDRESS. When the test ends, nothing of it is left.
func SecretService(t testing.TB, state SecretServiceState) []string {
	t.Helper()
	env, socket := userWithBus(t)
	if state == Silent {
		silentBus(t, socket)
		return env
	}
	conn := sessionBus(t, env, socket)
	const keyring = "gnome-keyring-daemon"
	args := []string{"--foreground", "--components=secrets"}
	first := daemon(t, env, "right", keyring, append(args, "--unlock")...)
	waitForOwner(t, conn, true)
	switch state {
	case Locked:
		first()
		waitForOwner(t, conn, false)
		daemon(t, env, "", keyring, args...)
		waitForOwner(t, conn, true)
	case WrongPassword:
		first()
		waitForOwner(t, conn, false)
		daemon(t, env, "wrong", keyring, append(args, "--unlock")...)
		waitForOwner(t, conn, true)
	}
	return env
}

// SessionBus starts a session bus on which there is no keyring yet. It gives the environment that leads to it, as
// SecretService does, and a connection to it.
func SessionBus(t testing.TB) (env []string, conn *dbus.Conn) {
	t.Helper()
	env, socket := userWithBus(t)
	return env, sessionBus(t, env, socket)
}

// userWithBus makes a user's folders and names the socket at which their bus is to be.
func userWithBus(t testing.TB) (env []string, socket string) {
	t.Helper()
	// The path of a socket has some 100 characters at most; the test's own folder may have more.
	dir, err := os.MkdirTemp("", "bus-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	home, run := filepath.Join(dir, "home"), filepath.Join(dir, "run")
	for _, d := range []string{home, run} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	socket = filepath.Join(dir, "bus")
	return []string{
		"HOME=" + home, "XDG_RUNTIME_DIR=" + run, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + socket, "PATH=" + os.Getenv("PATH"),
	}, socket
}

// sessionBus starts a bus and connects to it.
func sessionBus(t testing.TB, env []string, socket string) *dbus.Conn {
	t.Helper()
	config := filepath.Join(filepath.Dir(socket), "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, socket), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon(t, env, "", "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile")
	return connect(t, socket)
}

// daemon starts a program that stays and gives what ends it, which also happens when the test ends.
func daemon(t testing.TB, env []string, input, name string, args ...string) (end func()) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "keyring", err.Error(), installKeyring)
	}
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(input)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(end)
	return end
}

func connect(t testing.TB, socket string) *dbus.Conn {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		conn, err := dbus.Connect("unix:path=" + socket)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bus did not come up: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// waitForOwner waits until the Secret Service is on the bus, or gone from it.
func waitForOwner(t testing.TB, conn *dbus.Conn, want bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var owned bool
		err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&owned)
		if err == nil && owned == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the keyring did not come up or go down: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// silentBus accepts connections and never says a word.
func silentBus(t testing.TB, socket string) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		var held []net.Conn // open until the listener ends
		for {
			conn, err := listener.Accept()
			if err != nil {
				for _, c := range held {
					_ = c.Close()
				}
				return
			}
			held = append(held, conn)
		}
	}()
}

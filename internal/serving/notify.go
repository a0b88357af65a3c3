package serving

import (
	"net"
	"strings"
)

// What a service manager is told (sd_notify, systemd's protocol for services of Type=notify).
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
)

// Notify tells the service manager a state. socket is the value of NOTIFY_SOCKET: a path, or with @ a name in Linux's
// abstract namespace; "" = there is no manager to tell.
func Notify(socket, state string) error {
	if socket == "" {
		return nil
	}
	if name, abstract := strings.CutPrefix(socket, "@"); abstract {
		socket = "\x00" + name
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte(state))
	return err
}

package keyapi

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origin gives the origin of a key service's address: scheme, host and port (RFC 6454), in lower case and without the
// port that is the scheme's own. It is what a session and the secrets of a service are bound to. Error: CodeUsage for
// an address NewClient would not take.
func Origin(server string) (string, error) {
	u, err := parseServer(server)
	if err != nil {
		return "", err
	}
	return originOf(u), nil
}

// parseServer reads the address of a key service. Its errors do not repeat the address: there may be a password in it.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil, u.Hostname() == "", u.Opaque != "", !validPort(u):
		return nil, badServer("The address of the key service is not well-formed")
	case u.User != nil:
		return nil, badServer("The address of the key service must not have a user name or password in it")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(server, "#"):
		return nil, badServer("The address of the key service must not have a query or fragment")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, badServer("The address of the key service must begin with https://")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, badServer("Plain http is for a key service on this machine only")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func badServer(message string) error {
	return Errorf(CodeUsage, message, "Give it as https://host or https://host:port, with its path if it has one.")
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// isLoopback tells whether a host is this machine by its name alone: asking the DNS would let the DNS decide.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// originOf writes the origin of an absolute address.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	origin := strings.ToLower(u.Scheme) + "://" + host
	port, _ := strconv.ParseUint(u.Port(), 10, 16) // 0 for none
	if port == 0 || u.Scheme == "https" && port == 443 || u.Scheme == "http" && port == 80 {
		return origin
	}
	return origin + ":" + strconv.FormatUint(port, 10)
}

package serving

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Exposure checks where a server may listen: passwords and secrets go over plain HTTP on the loopback interface only,
// unless a proxy that speaks TLS is in front of it. Error: CodeUsage.
func Exposure(listen string, tls, behindProxy bool) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" {
		return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("%q is no address to listen on", listen), "Give host:port, such as 127.0.0.1:8750.")
	}
	if tls || behindProxy || loopback(host) {
		return nil
	}
	return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("Plain HTTP on %s would show passwords and secrets to the network", listen),
		"Give --tls-cert and --tls-key, or --behind-proxy if a proxy in front of it speaks TLS, or listen on 127.0.0.1.")
}

// loopback tells whether a host can be reached from this machine only. A name other than localhost may come to mean
// anything; no host at all means every interface.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

package serving

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// forwardedFor is the header in which each proxy appends the address it was called from.
const forwardedFor = "X-Forwarded-For"

// ParseNetworks reads a list of networks in CIDR form or of single addresses. Error: CodeUsage.
func ParseNetworks(texts []string) ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, &keyapi.Error{Code: keyapi.CodeUsage, Message: "A network of the proxies is none", Err: err, Hint: "Give CIDRs, such as 10.0.0.0/8."}
		}
		networks[i] = network.Masked()
	}
	return networks, nil
}

// ClientAddress gives the function that finds the address a request came from. Without trusted networks that is the other
// end of the connection, and no header counts: anybody can send one.
//
// Behind trusted proxies it is the last address that none of them has: each proxy appends whom it was called by, so what
// stands left of that is what the client wrote itself.
func ClientAddress(trusted []netip.Prefix) func(*http.Request) string {
	return func(r *http.Request) string {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil { // no address of an internet protocol
			return r.RemoteAddr
		}
		address := peer.Addr().Unmap().WithZone("")
		if len(trusted) == 0 {
			return address.String()
		}
		hops := strings.Split(strings.Join(r.Header.Values(forwardedFor), ","), ",")
		for _, hop := range slices.Backward(hops) {
			if !slices.ContainsFunc(trusted, func(n netip.Prefix) bool { return n.Contains(address) }) {
				break
			}
			before, err := parseHop(strings.TrimSpace(hop))
			if err != nil { // a proxy that hides its client, or none: what is known is who it is
				break
			}
			address = before
		}
		return address.String()
	}
}

// parseHop reads an address as proxies write it: some with a port.
func parseHop(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), err
}

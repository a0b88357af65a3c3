package serving_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func networks(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	parsed, err := serving.ParseNetworks(texts)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestClientAddress(t *testing.T) {
	proxies := networks(t, "10.0.0.0/8", "2001:db8::/32", "192.0.2.7")
	for name, c := range map[string]struct {
		trusted []netip.Prefix
		peer    string
		headers []string
		want    string
	}{
		"no proxy":                           {nil, "203.0.113.5:1234", nil, "203.0.113.5"},
		"no proxy, a header all the same":    {nil, "203.0.113.5:1234", []string{"198.51.100.1"}, "203.0.113.5"},
		"one proxy":                          {proxies, "10.1.2.3:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		"single address as a proxy":          {proxies, "192.0.2.7:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"its neighbour is none":              {proxies, "192.0.2.8:1", []string{"198.51.100.1"}, "192.0.2.8"},
		"two proxies":                        {proxies, "10.1.2.3:1234", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"two headers":                        {proxies, "10.1.2.3:1234", []string{"198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		"the client wrote a header itself":   {proxies, "10.1.2.3:1234", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"the client pretends to be a proxy":  {proxies, "203.0.113.5:1234", []string{"1.1.1.1"}, "203.0.113.5"},
		"a proxy that says nothing":          {proxies, "10.1.2.3:1234", nil, "10.1.2.3"},
		"a proxy that hides its client":      {proxies, "10.1.2.3:1234", []string{"unknown"}, "10.1.2.3"},
		"nonsense left of the client":        {proxies, "10.1.2.3:1234", []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		"an empty place":                     {proxies, "10.1.2.3:1234", []string{"198.51.100.1,,10.9.9.9"}, "10.9.9.9"},
		"nobody but proxies":                 {proxies, "10.1.2.3:1234", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		"IPv6":                               {proxies, "[2001:db8::1]:1234", []string{"2001:470::5"}, "2001:470::5"},
		"IPv6 with a zone":                   {nil, "[fe80::1%eth0]:1234", nil, "fe80::1"},
		"IPv4 in IPv6":                       {proxies, "[::ffff:10.1.2.3]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"with ports":                         {proxies, "10.1.2.3:1234", []string{"198.51.100.1:5678"}, "198.51.100.1"},
		"IPv6 in brackets, with a port":      {proxies, "10.1.2.3:1234", []string{"[2001:470::5]:5678"}, "2001:470::5"},
		"IPv6 in brackets":                   {proxies, "10.1.2.3:1234", []string{"[2001:470::5]"}, "2001:470::5"},
		"a listener that is no internet one": {proxies, "@", []string{"198.51.100.1"}, "@"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.headers}}
		if got := serving.ClientAddress(c.trusted)(r); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestParseNetworks_Nonsense(t *testing.T) {
	for _, text := range []string{"", "10.0.0.0/33", "proxy.example.com", "10.0.0.0-10.0.0.9"} {
		if _, err := serving.ParseNetworks([]string{"10.0.0.0/8", text}); keyapi.CodeOf(err) != keyapi.CodeUsage {
			t.Errorf("%q: error %v, want %s", text, err, keyapi.CodeUsage)
		}
	}
}

package serving_test

import (
	"testing"

	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestExposure(t *testing.T) {
	for _, c := range []struct {
		listen      string
		tls, behind bool
		ok          bool
	}{
		{"127.0.0.1:8750", false, false, true},
		{"127.9.9.9:0", false, false, true},
		{"[::1]:8750", false, false, true},
		{"[::ffff:127.0.0.1]:8750", false, false, true},
		{"localhost:8750", false, false, true},
		{":8750", false, false, false},
		{"0.0.0.0:8750", false, false, false},
		{"[::]:8750", false, false, false},
		{"192.0.2.1:8750", false, false, false},
		{"key.example.com:8750", false, false, false},
		{"localhost.example.com:8750", false, false, false},
		{"127.0.0.1.example.com:8750", false, false, false},
		{"0.0.0.0:8750", true, false, true},
		{"0.0.0.0:8750", false, true, true},
		{"key.example.com:443", true, false, true},
		{"8750", true, true, false},
		{"127.0.0.1", true, true, false},
		{"127.0.0.1:", true, true, false},
		{"", true, true, false},
	} {
		err := serving.Exposure(c.listen, c.tls, c.behind)
		if (err == nil) != c.ok || err != nil && keyapi.CodeOf(err) != keyapi.CodeUsage {
			t.Errorf("%q, TLS %t, behind a proxy %t: %v; want allowed %t", c.listen, c.tls, c.behind, err, c.ok)
		}
	}
}

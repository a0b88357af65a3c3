package popup

import (
	"strings"
	"testing"
)

func TestHiddenLine(t *testing.T) {
	for keys, want := range map[string]string{
		"secret\r": "secret", "secret\n": "secret", "sex\x7fcret\r": "secret", "wrong\x15secret\r": "secret", "\x7f\x08secret\r": "secret", "\r": "",
	} {
		if got, ok := hiddenLine(strings.NewReader(keys)); !ok || got != want {
			t.Errorf("%q: %q, %v", keys, got, ok)
		}
	}
	for _, keys := range []string{"", "secret", "sec\x03", "sec\x04", "sec\x1b", "sec\x1b[D\r"} {
		if got, ok := hiddenLine(strings.NewReader(keys)); ok || got != "" {
			t.Errorf("%q: %q, %v", keys, got, ok)
		}
	}
}

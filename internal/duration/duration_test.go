package duration

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "30s": 30 * time.Second, "24h": 24 * time.Hour, "30d": 30 * Day, "1d12h": 36 * time.Hour, "0d": 0, "1h30m": 90 * time.Minute,
		"7d0h1s": 7*Day + time.Second, "100000d": 100_000 * Day, "1.5h": 90 * time.Minute,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "d", "-1h", "-1d", "+1h", "1d-1h", "1d+1h", "1.5d", "1h1d", "soon", "1", "100001d", "99999999999999999999d", "9223372036s1d", "1dd", " 1d", "2562047h1000000h",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1d12h")
	f.Add("99999d2562047h")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := Parse(text); err == nil && d < 0 {
			t.Errorf("Parse(%q) = %v", text, d)
		}
	})
}

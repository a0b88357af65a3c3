package foreign_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestParse_EveryForm(t *testing.T) {
	for name, test := range map[string]struct{ text, accessKey, secret string }{
		"two lines":         {"web/4711\ns3cret = with \"signs\"\n", "web/4711", `s3cret = with "signs"`},
		"blanks and CRLF":   {"\r\n  web/4711 \r\n\r\n\tabc== \r\n", "web/4711", "abc=="},
		"ours":              {"AK0123456789ABCDEFGH\naks_x", "AK0123456789ABCDEFGH", "aks_x"},
		"dotenv":            {"# a comment\nOTHER=1\nAPIKEY_ACCESS_SECRET=b=c\nAPIKEY_ACCESS_KEY=a\n", "a", "b=c"},
		"shell":             {"export CLIENT_ID='it'\\''s'\nexport CLIENT_SECRET=\"a \\\"b\\\" \\$c \\\\\"\n", "it's", `a "b" $c \`},
		"lower case":        {"client_id = a\nclient_secret = b\n", "a", "b"},
		"a quote that ends": {"ACCESS_KEY='a\nACCESS_SECRET=b\"", "'a", `b"`},
		"JSON":              {`{"schema":1,"accessKey":"a","accessSecret":"b"}` + "\n", "a", "b"},
		"not ASCII":         {"schlüssel\nGeheimnis für später\n", "schlüssel", "Geheimnis für später"},
		"4 KiB":             {"a\n" + strings.Repeat("x", 4096), "a", strings.Repeat("x", 4096)},
	} {
		accessKey, secret, err := foreign.Parse(test.text)
		if err != nil || accessKey != test.accessKey || secret.Reveal() != test.secret {
			t.Errorf("%s: got %q, %q, %v", name, accessKey, secret.Reveal(), err)
		}
	}
}

func TestParse_Refusals_DoNotRepeatTheText(t *testing.T) {
	const canary = "kept-to-itself"
	for name, text := range map[string]string{
		"nothing":       "",
		"one line":      canary,
		"three lines":   canary + "\n" + canary + "\n" + canary,
		"one half":      "CLIENT_SECRET=" + canary,
		"twice":         "CLIENT_ID=a\nCLIENT_SECRET=" + canary + "\nACCESS_SECRET=" + canary,
		"too long":      canary + "\n" + strings.Repeat(canary, 300),
		"control":       canary + "\na\x1b[2J",
		"turned around": canary + "\na\u202eb",
		"not UTF-8":     canary + "\na\xff",
		"JSON, half":    `{"accessSecret":"` + canary + `"}`,
	} {
		_, secret, err := foreign.Parse(text)
		var told *keyapi.Error
		if !errors.As(err, &told) || told.Code != keyapi.CodeInvalidRequest || !secret.IsZero() {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if strings.Contains(told.Message+told.Hint, canary) || told.Hint == "" {
			t.Errorf("%s: %q, %q", name, told.Message, told.Hint)
		}
	}
}

// What apikey secret -o env prints is read again as it was, whatever is in it: the shell's quotes and ours are one.
func FuzzParse_AssignmentsInQuotes(f *testing.F) {
	for _, text := range []string{"aks_x", "it's", `"`, `\`, "a=b", "$(x)", " ' ' "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := foreign.Half(foreign.NameAccessSecret, text)
		if err != nil {
			return
		}
		quoted := "'" + strings.ReplaceAll(want, "'", `'\''`) + "'"
		_, secret, err := foreign.Parse("APIKEY_ACCESS_KEY=a\nAPIKEY_ACCESS_SECRET=" + quoted)
		if inner := strings.TrimSpace(secret.Reveal()); err != nil || inner != want {
			t.Errorf("%q: got %q, %v", want, inner, err)
		}
	})
}

func TestDates(t *testing.T) {
	zone := time.FixedZone("UTC+2", 2*60*60)
	now := time.Date(2026, 11, 23, 6, 44, 0, 0, zone)
	day := func(year, month, day int) time.Time { return time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone) }
	for name, test := range map[string]struct {
		created, expires string
		from, until      time.Time
		fails            bool
	}{
		"a day":                   {created: "2026-11-23", from: day(2026, 11, 23), until: day(2027, 11, 23)},
		"a leap day":              {created: "2024-02-29", from: day(2024, 2, 29), until: day(2025, 3, 1)},
		"an instant":              {created: "2026-11-23T04:43:00Z", from: now.Add(-time.Minute), until: now.Add(-time.Minute).AddDate(1, 0, 0)},
		"both":                    {created: "2026-11-01", expires: "2026-12-01", from: day(2026, 11, 1), until: day(2026, 12, 1)},
		"only the end":            {expires: "2026-12-01", until: day(2026, 12, 1)},
		"tomorrow":                {created: "2026-11-24", fails: true},
		"a minute ahead":          {created: "2026-11-23T04:45:00Z", fails: true},
		"ends before it began":    {created: "2026-11-02", expires: "2026-11-01", fails: true},
		"ends as it begins":       {created: "2026-11-02", expires: "2026-11-02", fails: true},
		"no date":                 {created: "yesterday", fails: true},
		"no such day":             {created: "2026-02-30", fails: true},
		"the end is no date":      {created: "2026-11-01", expires: "1y", fails: true},
		"the other way of a date": {created: "23.11.2026", fails: true},
	} {
		from, until, err := foreign.Dates(test.created, test.expires, now)
		if test.fails {
			if keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
				t.Errorf("%s: got %v, %v, %v", name, from, until, err)
			}
			continue
		}
		if err != nil || !from.Equal(test.from) || !until.Equal(test.until) {
			t.Errorf("%s: got %v, %v, %v", name, from, until, err)
		}
	}
}

func TestEndpoint(t *testing.T) {
	origin, path, err := foreign.Endpoint("https://Registry.Example:443/oauth2/token")
	if err != nil || origin != "https://registry.example" || path != "/oauth2/token" {
		t.Errorf("got %q, %q, %v", origin, path, err)
	}
	for _, bad := range []string{
		"", "registry", "https://registry.example", "https://registry.example/", "http://registry.example/token",
		"https://ada:secret@registry.example/token", "https://registry.example/token?tenant=1", "https://registry.example/token#x",
	} {
		if _, _, err := foreign.Endpoint(bad); keyapi.CodeOf(err) != keyapi.CodeUsage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

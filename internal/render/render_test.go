package render_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var now = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)

func active() render.Key {
	return render.Key{
		Key: keyapi.Key{
			Account: "ada", Status: keyapi.StatusActive, Usable: true, AccessKey: "AK0123456789ABCDEFGH", CreatedAt: now,
			ExpiresAt: now.AddDate(1, 0, 0), Revision: 1,
			Actions: []keyapi.Action{keyapi.ActionDisable, keyapi.ActionRegenerate, keyapi.ActionDelete},
		},
		Profile: "local", SecretStored: "keyring", SecretMatches: true,
	}
}

func print(p render.Printer, k render.Key) string {
	var out bytes.Buffer
	p.Out, p.Now = &out, func() time.Time { return now }
	if err := p.Section(k); err != nil {
		return err.Error()
	}
	return out.String()
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSection_JSON_IsTheContract: the object of the design, §3, byte for byte.
func TestSection_JSON_IsTheContract(t *testing.T) {
	want(t, print(render.Printer{JSON: true}, active()),
		`{"schema":1,"profile":"local","server":null,"account":"ada","status":"active","usable":true,"blockedBy":[],`+
			`"accessKey":"AK0123456789ABCDEFGH","createdAt":"2026-11-23T06:44:00Z","expiresAt":"2027-11-23T06:44:00Z","lastUsedAt":null,`+
			`"previous":null,"revision":1,"mfaEnabled":false,"secretStored":"keyring","secretMatches":true,"actions":["disable","regenerate","delete"]}`+"\n")
	changed := true
	k := active()
	k.Changed, k.Secret = &changed, keyapi.NewSecret("aks_x")
	k.Previous = &keyapi.Previous{AccessKey: "AK9", EndsAt: now.Add(time.Hour)}
	k.Server, k.SecretStored = "https://keys.example", ""
	want(t, print(render.Printer{JSON: true}, k),
		`{"schema":1,"profile":"local","server":"https://keys.example","account":"ada","status":"active","usable":true,"blockedBy":[],`+
			`"accessKey":"AK0123456789ABCDEFGH","createdAt":"2026-11-23T06:44:00Z","expiresAt":"2027-11-23T06:44:00Z","lastUsedAt":null,`+
			`"previous":{"accessKey":"AK9","endsAt":"2026-11-23T07:44:00Z"},"revision":1,"mfaEnabled":false,"secretStored":null,"secretMatches":null,`+
			`"actions":["disable","regenerate","delete"],"changed":true,"accessSecret":"aks_x"}`+"\n")
	want(t, print(render.Printer{JSON: true}, render.Key{Key: keyapi.Key{Account: "ada", Status: keyapi.StatusNone}, Profile: "local"}),
		`{"schema":1,"profile":"local","server":null,"account":"ada","status":"none","usable":false,"blockedBy":[],"accessKey":null,"createdAt":null,`+
			`"expiresAt":null,"lastUsedAt":null,"previous":null,"revision":0,"mfaEnabled":false,"secretStored":null,"secretMatches":null,"actions":[]}`+"\n")
}

func TestSection_Terminal_LooksLikeThePage(t *testing.T) {
	tty := render.Printer{TTY: true, Width: 60}
	want(t, print(tty, active()), `
╭────────────────┬──────────────────────────────────╮
│ API Access Key │                                  │
├────────────────┼──────────────────────────────────┤
│ Status         │ [────●] On · Active              │
│ Access Key     │ AK0123456789ABCDEFGH             │
│ Created        │ 23 November 2026                 │
│ Expires        │ 23 November 2027 (365 days left) │
│ Last used      │ never                            │
│ MFA            │ off                              │
│ Secret         │ kept in the OS keyring           │
│ Account        │ ada                              │
│ Service        │ embedded, this machine only      │
│ Actions        │ apikey disable                   │
│                │ apikey regenerate                │
│                │ apikey delete                    │
╰────────────────┴──────────────────────────────────╯
`[1:])
	k := active()
	k.Status, k.Usable, k.SecretMatches = keyapi.StatusDisabled, false, false
	k.BlockedBy = []keyapi.Block{keyapi.BlockDisabled, keyapi.BlockMFANotEnabled}
	k.LastUsedAt, k.Actions = now, []keyapi.Action{keyapi.ActionActivate}
	want(t, print(tty, k), `
╭────────────────┬─────────────────────────────────────────╮
│ API Access Key │                                         │
├────────────────┼─────────────────────────────────────────┤
│ Status         │ [●────] Off · Disabled                  │
│                │ not usable: multi-factor authentication │
│                │ is off                                  │
│ Access Key     │ AK0123456789ABCDEFGH                    │
│ Created        │ 23 November 2026                        │
│ Expires        │ 23 November 2027 (365 days left)        │
│ Last used      │ 23 November 2026 06:44                  │
│ MFA            │ off                                     │
│ Secret         │ kept in the OS keyring, but of another  │
│                │ key                                     │
│                │ keep the right one: apikey import       │
│                │ or remove this one: apikey forget       │
│ Account        │ ada                                     │
│ Service        │ embedded, this machine only             │
│ Actions        │ apikey activate                         │
╰────────────────┴─────────────────────────────────────────╯
`[1:])
}

func TestSection_Piped_IsNameValueLines(t *testing.T) {
	want(t, print(render.Printer{}, active()), `
status: Active
access-key: AK0123456789ABCDEFGH
created: 2026-11-23T06:44:00Z
expires: 2027-11-23T06:44:00Z (365 days left)
last-used: never
mfa: off
secret: kept in the OS keyring
account: ada
service: embedded, this machine only
actions: apikey disable, apikey regenerate, apikey delete
`[1:])
}

func TestLeft(t *testing.T) {
	const day = 24 * time.Hour
	for d, text := range map[time.Duration]string{
		-time.Second: "expired", 0: "expired", time.Second: "less than a day left", day - 1: "less than a day left", day: "1 day left",
		day + 1: "2 days left", 365 * day: "365 days left", 365*day - 1: "365 days left",
	} {
		if got := render.Left(d); got != text {
			t.Errorf("Left(%v) = %q, want %q", d, got, text)
		}
	}
}

func TestQuery(t *testing.T) {
	for expr, text := range map[string]string{
		".status": "active\n", ".actions": "[\"disable\",\"regenerate\",\"delete\"]\n", ".usable, .revision": "true\n1\n", "empty": "", ".nothing": "null\n",
	} {
		code, err := render.CompileQuery(expr)
		if err != nil {
			t.Fatal(err)
		}
		want(t, print(render.Printer{JSON: true, Query: code}, active()), text)
	}
	for _, expr := range []string{".[", "nosuch", ""} {
		if _, err := render.CompileQuery(expr); expr != "" && keyapi.CodeOf(err) != keyapi.CodeUsage {
			t.Errorf("%q: %v", expr, err)
		}
	}
}

// TestSection_NarrowTerminal_HasNoLines: an Access Key does not fit into a table of 40 columns, and the lines of a table
// that the terminal breaks can't be read.
func TestSection_NarrowTerminal_HasNoLines(t *testing.T) {
	want(t, print(render.Printer{TTY: true, Width: 40}, active()), `API Access Key
Status: [────●] On · Active
Access Key: AK0123456789ABCDEFGH
Created: 23 November 2026
Expires: 23 November 2027 (365 days left)
Last used: never
MFA: off
Secret: kept in the OS keyring
Account: ada
Service: embedded, this machine only
Actions: apikey disable
  apikey regenerate
  apikey delete
`)
}

// TestList_NarrowTerminal_AColumnWithoutAName: its cells are lines of their own.
func TestList_NarrowTerminal_AColumnWithoutAName(t *testing.T) {
	var out bytes.Buffer
	p := render.Printer{Out: &out, TTY: true, Width: 40}
	if err := p.List([]string{"Profile", "Service", ""}, [][]string{{"keys", "https://keys.sandbox.example.com", "current"}}); err != nil {
		t.Fatal(err)
	}
	want(t, out.String(), `Profile: keys
Service: https://keys.sandbox.example.com
current
`)
}

// TestHistory_NarrowTerminal_IsAParagraphAnEvent: what has many columns is a table only where they have room.
func TestHistory_NarrowTerminal_IsAParagraphAnEvent(t *testing.T) {
	page := keyapi.EventPage{Items: []keyapi.Event{
		{At: now, Action: keyapi.ActionDelete, Actor: "ada", AccessKey: "AK0123456789ABCDEFGH", Revision: 2},
		{At: now, Action: keyapi.ActionGenerate, Actor: "ada", AccessKey: "AK0123456789ABCDEFGH", Revision: 1},
	}}
	var out bytes.Buffer
	p := render.Printer{Out: &out, TTY: true, Width: 60, Now: func() time.Time { return now }}
	if err := p.History(page); err != nil {
		t.Fatal(err)
	}
	want(t, out.String(), `When: 23 November 2026 06:44
Action: delete
By: ada
Access Key: AK0123456789ABCDEFGH
Rev: 2

When: 23 November 2026 06:44
Action: generate
By: ada
Access Key: AK0123456789ABCDEFGH
Rev: 1
`)
}

package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Section writes the API Access Key section of the page: as a table on a terminal, as "name: value" lines elsewhere, as
// the JSON object if that was chosen.
func (p *Printer) Section(k Key) error {
	if p.JSON {
		return p.Object(k.object())
	}
	rows := p.rows(k)
	if p.TTY {
		return p.table([]string{"API Access Key", ""}, rows)
	}
	return p.lines(rows)
}

// lines writes rows for a program that reads lines: one "name: value" each, without blanks or line breaks in the name.
func (p *Printer) lines(rows [][]string) error {
	var out strings.Builder
	for _, row := range rows {
		name := strings.ToLower(strings.ReplaceAll(row[0], " ", "-"))
		fmt.Fprintf(&out, "%s: %s\n", name, strings.ReplaceAll(row[1], "\n", ", "))
	}
	_, err := fmt.Fprint(p.Out, out.String())
	return err
}

func (p *Printer) rows(k Key) [][]string {
	if k.OnItsPage {
		return p.rowsOnItsPage(k)
	}
	rows := [][]string{{"Status", p.status(k)}}
	add := func(name, value string) { rows = append(rows, []string{name, value}) }
	if k.Status == "" {
		return append(rows, []string{"Secret", p.secret(k)}, []string{"Account", k.Account}, []string{"Service", Place(k.Server)})
	}
	if k.Status != keyapi.StatusNone {
		add("Access Key", k.AccessKey)
		if !k.Secret.IsZero() {
			add("Access Secret", k.Secret.Reveal())
		}
		add("Created", p.date(k.CreatedAt))
		add("Expires", p.expiry(k.ExpiresAt))
		add("Last used", p.lastUsed(k.LastUsedAt))
	}
	if k.Previous != nil {
		add("Previous key", fmt.Sprintf("%s\nworks until %s", k.Previous.AccessKey, p.moment(k.Previous.EndsAt)))
	}
	add("MFA", onOff(k.MFAEnabled))
	add("Secret", p.secret(k))
	add("Account", k.Account)
	add("Service", Place(k.Server))
	add("Actions", p.actions(k.Actions))
	return rows
}

// rowsOnItsPage are those of a key whose service tells nothing of it.
func (p *Printer) rowsOnItsPage(k Key) [][]string {
	word := words[k.Status]
	rows := [][]string{{"Status", p.paint(word.style, word.text)}}
	actions := "managed on its page\nkeep it here too: apikey import"
	if k.Status != keyapi.StatusNone {
		created := "not known"
		if !k.CreatedAt.IsZero() {
			created = p.date(k.CreatedAt)
		}
		rows = append(rows, []string{"Access Key", k.AccessKey}, []string{"Created", created},
			[]string{"Expires", p.expiry(k.ExpiresAt)})
		actions = "managed on its page\nask whether it works: apikey check --live"
	}
	return append(rows, []string{"Secret", p.secret(k)}, []string{"Profile", k.Profile}, []string{"Service", Place(k.Server)},
		[]string{"Actions", actions})
}

// slider is the page's Disable / Activate slider.
var slider = map[keyapi.Status]string{
	keyapi.StatusActive:   "[────●] On",
	keyapi.StatusDisabled: "[●────] Off",
}

var words = map[keyapi.Status]struct {
	text  string
	style term.Style
}{
	"":                    {"not known", term.Dim},
	keyapi.StatusNone:     {"No API key", term.Dim},
	keyapi.StatusActive:   {"Active", term.Green},
	keyapi.StatusDisabled: {"Disabled", term.Yellow},
	keyapi.StatusExpired:  {"Expired", term.Red},
}

// obstacles says why an active key is not usable all the same.
var obstacles = map[keyapi.Block]string{
	keyapi.BlockMFANotEnabled: "not usable: multi-factor authentication is off",
	keyapi.BlockNotPermitted:  "not usable: your login may not have an API key",
}

func (p *Printer) status(k Key) string {
	word := words[k.Status]
	text := p.paint(word.style, word.text)
	if s := slider[k.Status]; s != "" && p.TTY {
		text = p.paint(word.style, s) + " · " + text
	}
	for _, b := range k.BlockedBy {
		if o := obstacles[b]; o != "" && k.Status != keyapi.StatusNone {
			text += "\n" + p.paint(term.Red, o)
		}
	}
	return text
}

// actionCommands names the command of each action; generate is the page's button.
var actionCommands = map[keyapi.Action]string{
	keyapi.ActionGenerate:   "Generate New Key: apikey generate",
	keyapi.ActionDisable:    "apikey disable",
	keyapi.ActionActivate:   "apikey activate",
	keyapi.ActionRegenerate: "apikey regenerate",
	keyapi.ActionDelete:     "apikey delete",
}

func (p *Printer) actions(open []keyapi.Action) string {
	commands := make([]string, len(open))
	for i, a := range open {
		commands[i] = actionCommands[a]
	}
	return strings.Join(commands, "\n")
}

// stores says where a kept secret rests.
var stores = map[string]string{"keyring": "in the OS keyring", "file": "in a private file", "sealed": "in a sealed file", "command": "by a helper"}

func (p *Printer) secret(k Key) string {
	switch {
	case k.SecretStored == "":
		return "not kept on this machine"
	case k.SecretMatches:
		return "kept " + stores[k.SecretStored]
	default:
		return p.paint(term.Yellow, "kept "+stores[k.SecretStored]+", but of another key") +
			"\nkeep the right one: apikey import\nor remove this one: apikey forget"
	}
}

// Place says which service is meant: its address, or the one inside the tool.
func Place(server string) string {
	if server == "" {
		return "embedded, this machine only"
	}
	return server
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// date and moment are in the user's time zone on a terminal; piped they are RFC 3339 in UTC, for programs.
func (p *Printer) date(t time.Time) string { return p.format(t, "2 January 2006") }

func (p *Printer) moment(t time.Time) string { return p.format(t, "2 January 2006 15:04") }

func (p *Printer) format(t time.Time, layout string) string {
	if !p.TTY {
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(p.Now().Location()).Format(layout)
}

func (p *Printer) expiry(t time.Time) string {
	return p.date(t) + " (" + Left(t.Sub(p.Now())) + ")"
}

func (p *Printer) lastUsed(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return p.moment(t)
}

// Left says in words how long something still lasts. A begun day counts, so that a new key has its 365.
func Left(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return "expired"
	case d < day:
		return "less than a day left"
	case d == day:
		return "1 day left"
	default:
		return fmt.Sprintf("%d days left", (d+day-1)/day)
	}
}

package panel

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// soon is when the end of a key is near enough to show it.
const soon = 30 * 24 * time.Hour

// row is a fact of the section.
type row struct {
	name  string
	value []string
	gap   bool // a blank line is above it, where there is room
	drop  int  // where there is none, the row with the highest number goes first; 0 stays
}

// body is the facts and the buttons in so many columns and rows. What has no room is left out, the least first.
func (m model) body(columns, rows int) []string {
	list := m.rows(columns - m.nameWidth())
	for {
		gaps := m.drawn(list, true)
		if m.roomy() && len(gaps) <= rows {
			return gaps
		}
		lines := m.drawn(list, false)
		worst := -1
		for i, r := range list {
			if r.drop > 0 && (worst < 0 || r.drop > list[worst].drop) {
				worst = i
			}
		}
		if len(lines) <= rows || worst < 0 {
			return lines
		}
		list = append(list[:worst:worst], list[worst+1:]...)
	}
}

// nameWidth is the columns of the names.
func (m model) nameWidth() int {
	if m.roomy() {
		return 14
	}
	return 12
}

func (m model) drawn(list []row, gaps bool) []string {
	var lines []string
	for _, r := range list {
		if r.gap && gaps {
			lines = append(lines, "")
		}
		for i, value := range r.value {
			name := ""
			if i == 0 {
				name = r.name
			}
			lines = append(lines, m.look.paint(term.Dim, name)+strings.Repeat(" ", m.nameWidth()-len(name))+value)
		}
	}
	buttons := m.buttons()
	if gaps {
		return append(append([]string{""}, append(lines, "", buttons)...), "")
	}
	return append(lines, buttons)
}

// buttons is the line of the page's buttons.
func (m model) buttons() string {
	var list []string
	for _, c := range m.controls() {
		switch c.name {
		case regenerate, remove, generate:
			list = append(list, m.button(c.name == m.focus && !m.asking(), m.look.signs[c.name]+c.label))
		}
	}
	return strings.Join(list, " ")
}

func (m model) asking() bool { return m.question != nil || m.form != nil }

// button is a word that can be pressed. The one that Enter presses is told by its brackets too.
func (m model) button(chosen bool, label string) string {
	if chosen {
		return m.look.chosen.Render("[ " + label + " ]")
	}
	return "  " + m.look.accent.Render(label) + "  "
}

// word is a control behind a value; "" if it is not there.
func (m model) word(name string) string {
	c := m.control(name)
	switch {
	case c == nil:
		return ""
	case name == m.focus && !m.asking():
		return " " + m.look.chosen.Render("["+c.label+"]")
	default:
		return "  " + m.look.accent.Render(c.label)
	}
}

// rows are the facts of the key, their values in so many columns.
func (m model) rows(columns int) []row {
	k := m.state.key
	list := []row{{name: "Status", value: m.status(columns)}}
	add := func(r row) { list = append(list, r) }
	if k.Status != keyapi.StatusNone {
		add(row{name: "Access Key", value: []string{m.look.paint(term.Bold, popup.Visible(k.AccessKey)) + m.word(copyKey)}, gap: true})
		add(row{name: "Secret", value: m.secret(columns)})
		add(row{name: "Created", value: []string{m.date(k.CreatedAt)}, gap: true, drop: 5})
		add(row{name: "Expires", value: wrapped(m.date(k.ExpiresAt)+m.look.between+render.Left(k.ExpiresAt.Sub(m.now)), columns)})
		add(row{value: []string{m.bar(columns)}, drop: 4})
		add(row{name: "Last used", value: []string{m.lastUsed()}, drop: 3})
	}
	if k.Previous != nil {
		ends := "works until " + k.Previous.EndsAt.In(m.now.Location()).Format("2 January 15:04")
		add(row{name: "Previous", value: []string{popup.Visible(k.Previous.AccessKey) + m.word(end)}})
		add(row{value: wrapped(ends, columns), drop: 1})
	}
	add(row{name: "MFA", value: []string{render.OnOff(k.MFAEnabled)}, gap: k.Status == keyapi.StatusNone, drop: 2})
	return append(list, row{name: "Service", value: wrapped(popup.Visible(m.section.Keys.Service.Place), columns), drop: 6})
}

// status is the slider and the word, and why the key cannot be used all the same.
func (m model) status(columns int) []string {
	k := m.state.key
	text, style := render.StatusWord(k.Status)
	line := m.look.styles[style].Bold(true).Render(text)
	if s := m.look.slider[k.Status]; s != "" {
		drawn := m.look.paint(style, s)
		if m.focus == slider && m.control(slider) != nil && !m.asking() {
			drawn = m.look.chosen.Foreground(m.look.styles[style].GetForeground()).Render(s)
		}
		line = drawn + m.look.between + line
	}
	lines := []string{line}
	for _, o := range render.Obstacles(k) {
		for _, part := range wrapped(o, columns) {
			lines = append(lines, m.look.paint(term.Red, part))
		}
	}
	return lines
}

// secret says where the secret is kept, or shows it.
func (m model) secret(columns int) []string {
	kept := m.state.kept
	where := render.StoreWords(string(kept.Store))
	switch {
	case m.revealed != nil:
		// The secret has no blanks: it breaks where the line ends.
		text := lipgloss.NewStyle().Width(columns).Render(popup.Visible(m.revealed.secret.Reveal()))
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			lines[i] = m.look.paint(term.Yellow, strings.TrimRight(line, " "))
		}
		return append(lines, m.look.paint(term.Dim, fmt.Sprintf("hidden in %d s", m.revealed.seconds))+m.word(show))
	case kept.AccessKey == "":
		return []string{m.look.paint(term.Dim, "not kept on this machine")}
	case kept.AccessKey != m.state.key.AccessKey:
		return []string{
			m.look.paint(term.Yellow, "of another key") + m.word(show),
			"the right one: apikey import",
			"or remove it: apikey forget",
		}
	case m.roomy():
		return []string{m.look.hidden + "  " + where + m.word(show)}
	default:
		return []string{where + m.word(show)}
	}
}

// bar is how much of the key's year is gone.
func (m model) bar(columns int) string {
	k := m.state.key
	left, all := k.ExpiresAt.Sub(m.now), k.ExpiresAt.Sub(k.CreatedAt)
	gone := 100
	if left > 0 && all > 0 {
		gone = max(0, int(100*(all-left)/all))
	}
	style, tail := term.Green, fmt.Sprintf(" %d %% gone", gone)
	if m.roomy() {
		tail = fmt.Sprintf(" %d %% of its time is gone", gone)
	}
	switch {
	case left <= 0:
		style = term.Red
	case left <= soon:
		style = term.Yellow
	}
	cells := min(30, columns-len(tail))
	full := cells * gone / 100
	return m.look.paint(style, strings.Repeat(m.look.full, full)) +
		m.look.paint(term.Dim, strings.Repeat(m.look.rest, cells-full)) + m.look.paint(term.Dim, tail)
}

func (m model) lastUsed() string {
	at := m.state.key.LastUsedAt
	if at.IsZero() {
		return "never"
	}
	return at.In(m.now.Location()).Format("2 January 2006 15:04")
}

// date is a day in the user's time zone.
func (m model) date(t time.Time) string {
	if m.roomy() {
		return t.In(m.now.Location()).Format("2 January 2006")
	}
	return t.In(m.now.Location()).Format("2 Jan 2006")
}

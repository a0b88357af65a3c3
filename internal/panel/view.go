package panel

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/term"
)

// The sizes of the panel, in columns and rows: what it needs at least, from where on it has a frame and blank lines, and
// the most it takes.
const (
	leastWidth, leastHeight = 40, 12
	roomyWidth, roomyHeight = 66, 20
	mostWidth               = 78
	frameWidth, frameHeight = 6, 2 // of the frame with the space in it
	usualSaid               = 3    // the rows of what is said, seldom more
)

func (m model) tooSmall() bool { return m.width < leastWidth || m.height < leastHeight }

func (m model) roomy() bool { return m.width >= roomyWidth && m.height >= roomyHeight }

// View draws the screen.
func (m model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	return v
}

func (m model) screen() string {
	switch {
	case m.tooSmall():
		return lipgloss.Wrap("The panel needs 40 columns and 12 rows. Make the window larger, or leave with q.", max(m.width, 1), "")
	case m.question != nil || m.form != nil:
		box, _ := m.popupBox()
		behind := m
		behind.look = m.look.behind()
		base := behind.page("")
		help := m.centred(m.helpLine())
		base = append(base[:len(base)-1], help)
		return lipgloss.NewCompositor(
			lipgloss.NewLayer(strings.Join(base, "\n")),
			lipgloss.NewLayer(box).X((m.width-lipgloss.Width(box))/2).Y(max(0, (m.height-1-lipgloss.Height(box))/2)).Z(1),
		).Render()
	default:
		return strings.Join(m.page(m.helpLine()), "\n")
	}
}

// breadth is the columns of the panel.
func (m model) breadth() int { return min(m.width, mostWidth) }

// page is the panel without a pop-up, a line for each row of the terminal.
func (m model) page(help string) []string {
	said := m.said()
	var lines []string
	if m.roomy() {
		inner := m.breadth() - frameWidth
		room := m.height - frameHeight - 4 - len(said) // blank lines around, the title, the help
		body := m.body(inner, room)
		box := lipgloss.NewStyle().Border(m.look.frame).BorderForeground(m.look.styles[term.Dim].GetForeground()).
			Padding(0, 2).Width(m.breadth()).Render(strings.Join(body, "\n"))
		lines = append(lines, m.header(), "")
		lines = append(lines, strings.Split(box, "\n")...)
		lines = append(append(lines, ""), said...)
		// What is said later moves nothing.
		above := max(0, (m.height-1-len(lines)-max(0, usualSaid-len(said)))/2)
		lines = append(slices.Repeat([]string{""}, above), lines...)
	} else {
		lines = append(append([]string{m.header()}, m.body(m.width, m.height-2-len(said))...), said...)
	}
	if len(lines) > m.height-1 {
		lines = lines[:m.height-1]
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	for i, line := range lines {
		lines[i] = m.centred(line)
	}
	return append(lines, m.centred(help))
}

// centred is a line of the panel in the middle of the terminal.
func (m model) centred(line string) string {
	return strings.Repeat(" ", (m.width-m.breadth())/2) + lipgloss.NewStyle().MaxWidth(m.breadth()).Render(line)
}

// header is the title of the section and whose it is.
func (m model) header() string {
	const title = "API Access Key"
	who := m.cutTo(popup.Visible(m.state.key.Account), m.breadth()-len(title)-2)
	gap := m.breadth() - len(title) - lipgloss.Width(who)
	if m.roomy() {
		return " " + m.look.title.Render(title) + strings.Repeat(" ", gap-2) + m.look.paint(term.Dim, who)
	}
	return m.look.title.Render(title) + strings.Repeat(" ", gap) + m.look.paint(term.Dim, who)
}

// cutTo is a text in so many columns.
func (m model) cutTo(text string, columns int) string {
	if lipgloss.Width(text) <= columns {
		return text
	}
	return lipgloss.NewStyle().MaxWidth(max(0, columns-lipgloss.Width(m.look.cut))).Render(text) + m.look.cut
}

// said is what is being done, or was last said: lines of the panel's width.
func (m model) said() []string {
	switch {
	case m.asking():
		return []string{""}
	case m.busy != "" && m.leaving:
		return []string{m.spinner.View() + " Finishing: " + m.busy}
	case m.busy != "":
		return []string{m.spinner.View() + " " + m.busy}
	case m.banner.text == "":
		return []string{""}
	}
	sign, style := m.look.said, term.Green
	if m.banner.failed {
		sign, style = m.look.failed, term.Red
	}
	var lines []string
	for i, line := range wrapped(m.banner.text, m.breadth()-2) {
		if i > 0 {
			sign = "  "
		}
		lines = append(lines, m.look.paint(style, sign+line))
	}
	for _, line := range wrapped(m.banner.hint, m.breadth()-2) {
		lines = append(lines, "  "+line)
	}
	return lines
}

// wrapped breaks a text into lines; none for "".
func wrapped(text string, columns int) []string {
	if text == "" {
		return nil
	}
	return strings.Split(lipgloss.Wrap(text, columns, ""), "\n")
}

// helpLine names the keys that mean something now, as many as there is room for; the last is the way out and always
// there.
func (m model) helpLine() string {
	var keys [][2]string
	switch {
	case m.form != nil:
		keys = [][2]string{{"enter", "go on"}, {"esc", "cancel"}}
	case m.question != nil && !m.roomy():
		keys = [][2]string{{"tab", "toggle"}, {"enter", "choose"}, {"esc", "cancel"}}
	case m.question != nil:
		q := m.question
		keys = [][2]string{{"tab", "toggle"}, {"enter", "choose"}, {"y", q.Confirm}, {"n", q.Cancel}}
	case m.busy != "":
		keys = [][2]string{{"q", "quit when it is done"}}
	case m.roomy():
		for _, c := range m.controls() {
			keys = append(keys, [2]string{c.keys[0], c.label})
		}
		keys = append(keys, [2]string{"u", "update"}, [2]string{"q", "quit"})
	default:
		if c := m.control(m.focus); c != nil {
			keys = append(keys, [2]string{"enter", c.label})
		}
		keys = append(keys, [2]string{"tab", "next"}, [2]string{"q", "quit"})
	}
	last := len(keys) - 1
	line, out := "", m.help(keys[last])
	for _, k := range keys[:last] {
		part := m.help(k) + m.look.paint(term.Dim, m.look.between)
		if lipgloss.Width(line+part+out) > m.breadth() {
			break
		}
		line += part
	}
	return line + out
}

// help is a key and what it does.
func (m model) help(key [2]string) string {
	return m.look.paint(term.Bold, key[0]) + " " + m.look.paint(term.Dim, key[1])
}

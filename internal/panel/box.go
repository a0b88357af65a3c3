package panel

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/apikey-cli/apikey/internal/term"
)

// boxWidth is the most columns of a pop-up.
const boxWidth = 60

// popupBox draws the pop-up, or the form, and tells whether there is room for all of it: with a frame and blank lines,
// or without them. Nobody may confirm what they were not shown.
func (m model) popupBox() (box string, whole bool) {
	if m.question == nil && m.form == nil || m.tooSmall() {
		return "", false
	}
	room := m.height - 1 // the help is under it
	for _, airy := range []bool{true, false} {
		box = m.framed(m.popupLines(min(boxWidth, m.width)-frameWidth, airy))
		if lipgloss.Height(box) <= room {
			return box, true
		}
	}
	box = m.plain(m.popupLines(m.width, false))
	if lipgloss.Height(box) <= room {
		return box, true
	}
	return m.plain([]string{"This question needs a larger window:", "enlarge it, or cancel with Esc."}), false
}

func (m model) framed(lines []string) string {
	return lipgloss.NewStyle().Border(m.look.frame).Padding(0, 2).Width(min(boxWidth, m.width)).Render(strings.Join(lines, "\n"))
}

func (m model) plain(lines []string) string {
	return lipgloss.NewStyle().Width(m.width).Height(m.height - 1).Render(strings.Join(lines, "\n"))
}

func (m model) popupLines(columns int, airy bool) []string {
	var title, body, tail []string
	if m.form != nil {
		title, body = wrapped(m.form.title, columns), wrapped(m.form.field.Title, columns)
		if hint := m.form.field.Hint; hint != "" {
			body = append(body, wrapped(hint, columns)...)
		}
		input := m.form.input
		input.SetWidth(columns - 4)
		body = append(body, input.View())
		if m.form.wrong != "" {
			tail = append(tail, m.look.paint(term.Red, m.look.failed+m.form.wrong))
		}
	} else {
		title = wrapped(m.question.Title, columns)
		for _, line := range m.question.Body {
			if line == "" && airy {
				body = append(body, "")
			}
			body = append(body, wrapped(line, columns)...)
		}
		tail = []string{m.button(m.question.confirm, m.question.Confirm) + " " + m.button(!m.question.confirm, m.question.Cancel)}
	}
	lines := make([]string, 0, len(title)+len(body)+len(tail)+4)
	gap := func() {
		if airy {
			lines = append(lines, "")
		}
	}
	gap()
	for _, line := range title {
		lines = append(lines, m.look.paint(term.Bold, line))
	}
	gap()
	lines = append(lines, body...)
	gap()
	if len(tail) > 0 {
		lines = append(lines, tail...)
		gap()
	}
	return lines
}

package popup

import (
	"strings"
	"unicode"
)

// Visible gives a text as one line whose every character shows. Names that come from a service are part of questions:
// one with control characters, or marks that turn the direction of writing, could make a question look like another.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Visible gives a question in which every character shows.
func (q Question) Visible() Question {
	q.Title, q.Confirm, q.Cancel = Visible(q.Title), Visible(q.Confirm), Visible(q.Cancel)
	body := make([]string, len(q.Body))
	for i, line := range q.Body {
		body[i] = Visible(line)
	}
	q.Body = body
	return q
}

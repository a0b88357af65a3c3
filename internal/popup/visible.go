package popup

import (
	"strings"
	"unicode"
)

// visible gives a text as one line whose every character shows. Names that come from a service are part of questions:
// one with control characters, or marks that turn the direction of writing, could make a question look like another.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// visible gives a question in which every character shows.
func (q Question) visible() Question {
	q.Title, q.Confirm, q.Cancel = visible(q.Title), visible(q.Confirm), visible(q.Cancel)
	body := make([]string, len(q.Body))
	for i, line := range q.Body {
		body[i] = visible(line)
	}
	q.Body = body
	return q
}

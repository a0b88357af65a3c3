package popup

import (
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
)

const leftAligned = lipgloss.Left

// theme is plain: the title bold, the selected button between brackets and reversed, so that it is told from the other
// without colours too. It looks the same on dark and light terminals, so nothing is asked of the terminal for it.
func theme(bool) *huh.Styles {
	s := huh.ThemeBase(false)
	brackets := func(left, right string) lipgloss.Style {
		return lipgloss.NewStyle().Border(lipgloss.Border{Left: left, Right: right}, false, true, false, true).
			Padding(0, 1).MarginRight(1)
	}
	s.Focused.Title = lipgloss.NewStyle().Bold(true)
	s.Focused.FocusedButton = brackets("[", "]").Bold(true).Reverse(true)
	s.Focused.BlurredButton = brackets(" ", " ")
	s.Focused.NoteTitle = s.Focused.Title
	s.Focused.ErrorMessage = lipgloss.NewStyle().SetString("✗").Foreground(lipgloss.Red)
	s.Focused.ErrorIndicator = lipgloss.NewStyle()
	s.Blurred = s.Focused
	s.Blurred.Base = s.Blurred.Base.BorderStyle(lipgloss.HiddenBorder())
	return s
}

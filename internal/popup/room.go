package popup

import (
	"math"
	"os"

	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"golang.org/x/term"
)

// The columns of a pop-up. In fewer than narrowest its buttons break over two lines.
const narrowest, widest = 40, 60

// errorLines is how many lines more than its help an error under a form may take.
const errorLines = 2

// size gives the columns and rows of the terminal the questions go to, which need not be the one the results go to.
// Both are 0 for a terminal that does not know its size, as serial consoles and some containers' don't.
func (a *Asker) size() (cols, rows int) {
	f, ok := a.io.Err.(*os.File)
	if !ok {
		return a.io.Width, math.MaxInt
	}
	cols, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return cols, rows
}

// shows tells whether the terminal has room for the whole of a form, with some lines to spare. huh cuts off what does
// not fit and goes on listening: nobody may confirm what they were not shown.
func (a *Asker) shows(form *huh.Form, spare int) bool {
	cols, rows := a.size()
	return cols >= narrowest && rows-spare >= height(form)
}

// height gives the lines of the whole of a form. A form takes its height when it is told of the terminal's; until then
// it keeps the one it had in 80 columns. Hence it is told of a terminal of any height; the real one it learns when it
// runs.
func height(form *huh.Form) int {
	_, _ = form.Update(tea.WindowSizeMsg{Width: widest, Height: math.MaxInt})
	return lipgloss.Height(form.View())
}

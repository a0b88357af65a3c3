package render

import (
	"fmt"
	"strings"
	"time"
)

// List writes rows under a header: as a table on a terminal, as tab-separated lines without the header elsewhere.
func (p *Printer) List(header []string, rows [][]string) error {
	if p.TTY {
		return p.table(header, rows)
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Join(row, "\t") + "\n")
	}
	_, err := fmt.Fprint(p.Out, out.String())
	return err
}

// Fields writes names and values: as a table with a title on a terminal, as "name: value" lines elsewhere.
func (p *Printer) Fields(title string, rows [][]string) error {
	if p.TTY {
		return p.table([]string{title, ""}, rows)
	}
	return p.lines(rows)
}

// Moment gives a point in time as a result shows it, "never" for the zero time.
func (p *Printer) Moment(t time.Time) string { return p.lastUsed(t) }

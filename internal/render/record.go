package render

import "strings"

// record writes the facts about one thing: as a table on a terminal, as "name: value" lines elsewhere, as the JSON
// object if that was chosen.
func (p *Printer) record(title string, rows [][]string, object any) error {
	switch {
	case p.JSON:
		return p.Object(object)
	case p.TTY:
		return p.table([]string{title, ""}, rows)
	default:
		return p.lines(rows)
	}
}

type itemsJSON struct {
	Schema     int     `json:"schema"`
	Items      any     `json:"items"`
	NextCursor *string `json:"nextCursor"`
}

// list writes rows of the same kind: as a table on a terminal, as tab-separated lines elsewhere.
func (p *Printer) list(header []string, rows [][]string) error {
	if p.TTY {
		return p.table(header, rows)
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Join(row, "\t") + "\n")
	}
	_, err := p.Out.Write([]byte(out.String()))
	return err
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

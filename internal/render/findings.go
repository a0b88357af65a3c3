package render

import (
	"fmt"

	"github.com/apikey-cli/apikey/internal/diagnosis"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type findingJSON struct {
	Check  string           `json:"check"`
	Status diagnosis.Status `json:"status"`
	Detail string           `json:"detail"`
	Hint   *string          `json:"hint"`
}

// findingStyles are the colours of the statuses on a terminal.
var findingStyles = map[diagnosis.Status]term.Style{
	diagnosis.OK: term.Green, diagnosis.Warn: term.Yellow, diagnosis.Fail: term.Red, diagnosis.Skip: term.Dim,
}

// Findings writes what came out of the checks: as a table on a terminal, as tab-separated lines elsewhere.
func (p *Printer) Findings(list []diagnosis.Finding) error {
	if p.JSON {
		items := make([]findingJSON, len(list))
		for i, f := range list {
			items[i] = findingJSON{f.Check, f.Status, f.Detail, nonempty(f.Hint)}
		}
		return p.Object(itemsJSON{Schema: keyapi.Schema, Items: items})
	}
	rows := make([][]string, len(list))
	for i, f := range list {
		if !p.TTY {
			rows[i] = []string{f.Check, string(f.Status), f.Detail, f.Hint}
			continue
		}
		said := f.Detail
		if f.Hint != "" {
			said += "\n→ " + f.Hint
		}
		rows[i] = []string{p.paint(findingStyles[f.Status], fmt.Sprintf("%-4s", f.Status)) + " " + f.Check, said}
	}
	return p.list([]string{"Check", ""}, rows)
}

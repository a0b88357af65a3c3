package render

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// narrowest is the width below which a table is no longer readable; it is not made smaller than that.
const narrowest = 40

// frame is what a table of two columns needs beside the text of the second: the names, the lines and the blanks.
const frame = 14 + 7

// table writes rows under a header. Of two columns the second is wrapped where the terminal ends. A table that is wider
// all the same, for a word that can't be broken or for its many columns, is written without its lines: the terminal would
// break them.
func (p *Printer) table(header []string, rows [][]string) error {
	widths := tw.CellWidth{}
	if len(header) == 2 {
		widths.PerColumn = tw.NewMapper[int, int]().Set(1, max(p.Width, narrowest)-frame+2)
	}
	var out bytes.Buffer
	symbols := tw.NewSymbols(tw.StyleRounded)
	t := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{Symbols: symbols})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: tw.CellConfig{
				Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
				Formatting: tw.CellFormatting{AutoFormat: tw.Off},
			},
			Row: tw.CellConfig{
				Alignment:    tw.CellAlignment{Global: tw.AlignLeft},
				Formatting:   tw.CellFormatting{AutoWrap: tw.WrapNormal},
				ColMaxWidths: widths,
			},
		}),
	)
	t.Header(header)
	if err := t.Bulk(rows); err != nil {
		return err
	}
	if err := t.Render(); err != nil {
		return err
	}
	text := out.String()
	if top, _, _ := strings.Cut(text, "\n"); twwidth.Width(top) > p.Width {
		text = withoutLines(header, rows)
	}
	_, err := p.Out.Write([]byte(text))
	return err
}

// withoutLines gives a table as text of any width: of two columns a line a row, of more a paragraph a row and a line a
// cell.
func withoutLines(header []string, rows [][]string) string {
	var out strings.Builder
	line := func(name, value string) {
		if name != "" {
			name += ": "
		}
		out.WriteString(name + strings.ReplaceAll(value, "\n", "\n  ") + "\n")
	}
	if len(header) == 2 {
		out.WriteString(header[0] + "\n")
		for _, row := range rows {
			line(row[0], row[1])
		}
		return out.String()
	}
	for i, row := range rows {
		if i > 0 {
			out.WriteString("\n")
		}
		for column, cell := range row {
			if cell != "" {
				line(header[column], cell)
			}
		}
	}
	return out.String()
}

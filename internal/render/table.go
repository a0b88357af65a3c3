package render

import (
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// narrowest is the width below which a table is no longer readable; it is not made smaller than that.
const narrowest = 40

// frame is what a table of two columns needs beside the text of the second: the names, the lines and the blanks.
const frame = 14 + 7

// table writes rows under a header. Of two columns the second is wrapped where the terminal ends.
func (p *Printer) table(header []string, rows [][]string) error {
	widths := tw.CellWidth{}
	if len(header) == 2 {
		widths.PerColumn = tw.NewMapper[int, int]().Set(1, max(p.Width, narrowest)-frame+2)
	}
	symbols := tw.NewSymbols(tw.StyleRounded)
	t := tablewriter.NewTable(p.Out,
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
	return t.Render()
}

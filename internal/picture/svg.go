//go:build unix

package main

import (
	"fmt"
	"html"
	"strings"

	"github.com/hinshun/vt10x"
)

// The look of the pictures: a dark terminal that is readable on a white and on a black page.
const (
	cellWidth, lineHeight, margin = 8.4, 18.0, 14.0
	paper, ink                    = "#1e2127", "#d7dae0"
)

// colours are those of the sixteen that the program uses.
var colours = map[vt10x.Color]string{
	vt10x.Green: "#98c379", vt10x.Yellow: "#e5c07b", vt10x.Red: "#e06c75", vt10x.Cyan: "#56b6c2",
}

// svg draws a prompt with the command and the screen under it.
func svg(command string, screen [][]vt10x.Glyph) string {
	last := 0
	for y, row := range screen {
		for _, g := range row {
			if g.Char != ' ' && g.Char != 0 {
				last = y
			}
		}
	}
	screen = screen[:last+1]
	width := 2*margin + cellWidth*float64(len(screen[0]))
	height := 2*margin + lineHeight*float64(len(screen)+1)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString(command))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", paper)
	fmt.Fprintf(&b, `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="%s" style="white-space:pre">`+"\n", ink)
	text(&b, 0, 0, "$ "+command, "#98c379", false)
	for y, row := range screen {
		runs(&b, y+1, row)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// runs draws a line as stretches of one look.
func runs(b *strings.Builder, y int, row []vt10x.Glyph) {
	for x := 0; x < len(row); {
		end := x + 1
		for end < len(row) && row[end].FG == row[x].FG && row[end].BG == row[x].BG {
			end++
		}
		var stretch strings.Builder
		for _, g := range row[x:end] {
			if g.Char == 0 {
				g.Char = ' '
			}
			stretch.WriteRune(g.Char)
		}
		reversed := row[x].BG == vt10x.DefaultFG
		if s := stretch.String(); strings.TrimSpace(s) != "" {
			text(b, x, y, s, colours[row[x].FG], reversed)
		}
		x = end
	}
}

func text(b *strings.Builder, x, y int, s, colour string, reversed bool) {
	left, base := margin+cellWidth*float64(x), margin+lineHeight*float64(y)
	if colour == "" {
		colour = ink
	}
	if reversed {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, base, cellWidth*float64(len([]rune(s))), lineHeight, ink)
		colour = paper
	}
	// The length is given, so that a reader's font does not move the frame of a table.
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s">%s</text>`+"\n",
		left, base+13, cellWidth*float64(len([]rune(s))), colour, html.EscapeString(s))
}

//go:build unix

package main

import (
	"fmt"
	"html"
	"strings"

	"github.com/hinshun/vt10x"
)

// The look of the pictures: a dark terminal that is readable on a white and on a black page. A cell is two squares high,
// so that a QR code of half blocks is square.
const (
	cellWidth, lineHeight, margin = 9, 18, 16
	paper, ink                    = "#1e2127", "#d7dae0"
)

// colours are the sixteen of a terminal; those that are missing are not used.
var colours = map[vt10x.Color]string{
	vt10x.DefaultFG: ink, vt10x.DefaultBG: paper,
	vt10x.Black: "#000000", vt10x.White: "#ffffff", vt10x.LightGrey: ink, vt10x.DarkGrey: "#7f848e",
	vt10x.Red: "#e06c75", vt10x.Green: "#98c379", vt10x.Yellow: "#e5c07b", vt10x.Cyan: "#56b6c2",
	vt10x.LightRed: "#e06c75", vt10x.LightGreen: "#98c379", vt10x.LightYellow: "#e5c07b", vt10x.LightCyan: "#56b6c2",
}

func colour(c vt10x.Color) string {
	if named, ok := colours[c]; ok {
		return named
	}
	return ink
}

// svg draws a prompt with the command, and the screen under it.
func svg(command string, screen [][]vt10x.Glyph) string {
	screen = append([][]vt10x.Glyph{prompt(command, len(screen[0]))}, screen[:used(screen)]...)
	width, height := 2*margin+cellWidth*len(screen[0]), 2*margin+lineHeight*len(screen)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"`, width, height)
	fmt.Fprintf(&b, ` role="img" aria-label="%s">`+"\n", html.EscapeString(command))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", paper)
	b.WriteString(`<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="15">` + "\n")
	for y, row := range screen {
		for x := 0; x < len(row); {
			end := x + 1
			for end < len(row) && row[end].FG == row[x].FG && row[end].BG == row[x].BG {
				end++
			}
			stretch(&b, margin+cellWidth*x, margin+lineHeight*y, row[x:end])
			x = end
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// prompt is the line in which the command was typed.
func prompt(command string, cols int) []vt10x.Glyph {
	line := make([]vt10x.Glyph, cols)
	for x := range line {
		line[x] = vt10x.Glyph{Char: ' ', FG: vt10x.Green, BG: vt10x.DefaultBG}
	}
	for x, r := range []rune("$ " + command) {
		line[x].Char = r
	}
	return line
}

// used is how many lines of the screen there are up to the last with something on it.
func used(screen [][]vt10x.Glyph) int {
	last := 0
	for y, row := range screen {
		for _, g := range row {
			if g.Char != ' ' {
				last = y + 1
			}
		}
	}
	return last
}

// stretch draws cells of one look. Each word has its own place and length, so that neither a reader's font nor what a
// viewer does with blanks moves it; lines and blocks are shapes, which no font leaves gaps in.
func stretch(b *strings.Builder, left, top int, cells []vt10x.Glyph) {
	if cells[0].BG != vt10x.DefaultBG {
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" shape-rendering="crispEdges"/>`+"\n",
			left, top, cellWidth*len(cells), lineHeight, colour(cells[0].BG))
	}
	var lines, heavy, blocks, word strings.Builder
	flush := func(end int) {
		n := len([]rune(word.String()))
		if n > 0 {
			fmt.Fprintf(b, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs" fill="%s">%s</text>`+"\n",
				left+cellWidth*(end-n), top+13, cellWidth*n, colour(cells[0].FG), html.EscapeString(word.String()))
		}
		word.Reset()
	}
	for i, g := range cells {
		x := left + cellWidth*i
		switch s, shaped := shapes[g.Char]; {
		case g.Char == ' ':
			flush(i)
		case !shaped:
			word.WriteRune(g.Char)
		case s.block != "":
			flush(i)
			fmt.Fprintf(&blocks, "M%d %d%s", x, top, s.block)
		case s.heavy:
			flush(i)
			fmt.Fprintf(&heavy, "M%d %d%s", x, top, s.line)
		default:
			flush(i)
			fmt.Fprintf(&lines, "M%d %d%s", x, top, s.line)
		}
	}
	flush(len(cells))
	for _, drawn := range []struct{ path, how string }{
		{blocks.String(), `shape-rendering="crispEdges" fill`},
		{lines.String(), `fill="none" stroke-width="1.2" stroke`},
		{heavy.String(), `fill="none" stroke-width="3" stroke`},
	} {
		if drawn.path != "" {
			fmt.Fprintf(b, `<path d="%s" %s="%s"/>`+"\n", drawn.path, drawn.how, colour(cells[0].FG))
		}
	}
}

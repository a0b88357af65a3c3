//go:build unix

package main

// shape is how a character is drawn that joins the ones beside it: SVG path commands from the upper left corner of its
// cell, of 9 × 18 units, for a line or a filled block.
type shape struct {
	line  string
	heavy bool
	block string
}

var shapes = map[rune]shape{
	'─': {line: "m0 9h9"},
	'│': {line: "m4.5 0v18"},
	'┃': {line: "m4.5 0v18", heavy: true},
	'╭': {line: "m4.5 18v-4.5q0 -4.5 4.5 -4.5"},
	'╮': {line: "m4.5 18v-4.5q0 -4.5 -4.5 -4.5"},
	'╰': {line: "m4.5 0v4.5q0 4.5 4.5 4.5"},
	'╯': {line: "m4.5 0v4.5q0 4.5 -4.5 4.5"},
	'├': {line: "m4.5 0v18m0 -9h4.5"},
	'┤': {line: "m4.5 0v18m0 -9h-4.5"},
	'┬': {line: "m0 9h9m-4.5 0v9"},
	'┴': {line: "m0 9h9m-4.5 0v-9"},
	'┼': {line: "m0 9h9m-4.5 -9v18"},
	'█': {block: "h9v18h-9z"},
	'▀': {block: "h9v9h-9z"},
	'▄': {block: "m0 9h9v9h-9z"},
	'░': {block: "m0 8h9v2h-9z"}, // the rest of a bar: a thin line shows better than dots
}

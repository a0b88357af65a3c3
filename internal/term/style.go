package term

// Style is how a piece of text looks.
type Style int

// The styles in use.
const (
	Plain Style = iota
	Bold
	Dim
	Green
	Yellow
	Red
	Cyan
)

// sgr holds the parameter of each style's SGR sequence (ECMA-48, 8.3.117).
var sgr = map[Style]string{Bold: "1", Dim: "2", Green: "32", Yellow: "33", Red: "31", Cyan: "36"}

// Paint gives text in a style if on, else the text as it is.
func Paint(on bool, s Style, text string) string {
	if !on || sgr[s] == "" {
		return text
	}
	return "\x1b[" + sgr[s] + "m" + text + "\x1b[0m"
}

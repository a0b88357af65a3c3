package render

import (
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// StatusWord is a status as people read it, and the style it is shown in.
func StatusWord(s keyapi.Status) (text string, style term.Style) {
	return words[s].text, words[s].style
}

// Obstacles says, a line each, why a key that is there is not usable though its status does not tell.
func Obstacles(k keyapi.Key) (lines []string) {
	for _, b := range k.BlockedBy {
		if o := obstacles[b]; o != "" && k.Status != keyapi.StatusNone {
			lines = append(lines, o)
		}
	}
	return lines
}

// StoreWords says where a store of a kind keeps what it keeps: "in the OS keyring".
func StoreWords(kind string) string { return stores[kind] }

// OnOff is a switch as people read it.
func OnOff(on bool) string { return onOff(on) }

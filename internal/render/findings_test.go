package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/diagnosis"
	"github.com/apikey-cli/apikey/internal/render"
)

func TestFindings(t *testing.T) {
	list := []diagnosis.Finding{
		{Check: "config", Status: diagnosis.OK, Detail: "profile local (default)"},
		{Check: "key", Status: diagnosis.Warn, Detail: "there is none", Hint: "apikey generate"},
	}
	show := func(p render.Printer) string {
		var out bytes.Buffer
		p.Out = &out
		if err := p.Findings(list); err != nil {
			return err.Error()
		}
		return out.String()
	}
	want(t, show(render.Printer{JSON: true}),
		`{"schema":1,"items":[{"check":"config","status":"ok","detail":"profile local (default)","hint":null},`+
			`{"check":"key","status":"warn","detail":"there is none","hint":"apikey generate"}],"nextCursor":null}`+"\n")
	want(t, show(render.Printer{}), "config\tok\tprofile local (default)\t\nkey\twarn\tthere is none\tapikey generate\n")
	for _, p := range []render.Printer{{TTY: true, Width: 80}, {TTY: true, Width: 80, Color: true}} {
		screen := show(p)
		if !strings.Contains(screen, "→ apikey generate") || strings.Contains(screen, "\x1b[33mwarn\x1b[0m key") != p.Color {
			t.Errorf("colour %v:\n%s", p.Color, screen)
		}
	}
}

package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/apikey-cli/apikey/"

// sides are the rooms of the house, each list from the top down: a room knows only those after it. Neither program's
// side knows the other's; both know what they share.
var sides = map[string][]string{
	"tool": {
		"cli", "panel", "render", "diagnosis", "custody", "signin", "foreign", "keeping", "secretstore", "reminder",
		"profile",
	},
	"service": {
		"daemon", "oauthapi", "httpapi", "authserver", "datadir", "mail", "outbox", "embedded", "keyservice", "accounts", "notice", "keystate", "masterkey",
		"store/postgres", "store/sqlite", "store/sqlstore", "store", "serving", "metrics", "seal", "accesstoken",
	},
	"shared": {"command", "popup", "lifecycle", "picture", "term", "durable", "duration", "failpoint", "nocore"},
}

// bridges are the only arrows from one side to the other: apikeyd draws its tables as the tool does.
var bridges = map[string]string{"daemon": "render"}

// forTests are the rooms no program knows.
var forTests = []string{
	"interop", "speed", "keyapitest", "oauthapi/oauthtest", "reference", "secretstore/storefake", "store/storetest", "testkit",
	"trials",
}

// standing is where a room stands.
type standing struct {
	side  string
	floor int
}

// TestArrows_RunOneWay holds the drawing of docs/architecture.md. A new package is given its place here.
func TestArrows_RunOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	rooms := map[string]standing{}
	for side, names := range sides {
		for floor, name := range names {
			rooms[name] = standing{side, floor}
		}
	}
	tests := map[string]bool{}
	for _, name := range forTests {
		tests[name] = true
	}
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], module+"internal/")
		here, known := rooms[room]
		if tests[room] {
			continue
		}
		if !known {
			t.Errorf("%s has no place in the house", room)
		}
		seen++
		for _, imported := range words[1:] {
			to, ours := strings.CutPrefix(imported, module+"internal/")
			if !ours || bridges[room] == to {
				continue
			}
			there := rooms[to]
			switch {
			case tests[to]:
				t.Errorf("%s knows %s, which is for tests", room, to)
			case there.side != here.side && there.side != "shared":
				t.Errorf("%s (%s) knows %s (%s)", room, here.side, to, there.side)
			case there.side == here.side && there.floor <= here.floor:
				t.Errorf("%s knows %s, which stands above it", room, to)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d rooms, but %d places", seen, len(rooms))
	}
}

package keyapitest

import (
	"context"
	"slices"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func events(t *testing.T, s subject) {
	made := s.do(keyapi.API.Generate, keyapi.Change{UserAgent: "suite/1"})
	s.do(keyapi.API.Disable, keyapi.Change{})
	s.do(keyapi.API.Disable, keyapi.Change{}) // no change: no event
	s.refused(keyapi.API.Generate, keyapi.Change{}, keyapi.CodeKeyExists)
	s.do(keyapi.API.Delete, keyapi.Change{})
	page, err := s.API.Events(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []keyapi.Action{keyapi.ActionDelete, keyapi.ActionDisable, keyapi.ActionGenerate}
	items := s.since(page.Items)
	if len(items) != len(want) || page.NextCursor != "" {
		t.Fatalf("got %+v", page)
	}
	for i, e := range items {
		if e.Action != want[i] || e.AccessKey != made.Key.AccessKey || e.Actor != s.Login ||
			e.Revision != s.start+int64(3-i) || e.At.IsZero() {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if items[2].UserAgent != "suite/1" {
		t.Errorf("user agent %q", items[2].UserAgent)
	}
}

// since leaves out the events of what was done before the test.
func (s subject) since(events []keyapi.Event) []keyapi.Event {
	return slices.DeleteFunc(events, func(e keyapi.Event) bool { return e.Revision <= s.start })
}

func eventPages(t *testing.T, s subject) {
	s.do(keyapi.API.Generate, keyapi.Change{})
	for range 60 {
		s.do(keyapi.API.Disable, keyapi.Change{})
		s.do(keyapi.API.Activate, keyapi.Change{})
	}
	revision, cursor, pages := s.start+121, "", 0
	for {
		page, err := s.API.Events(context.Background(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range s.since(page.Items) {
			if e.Revision != revision {
				t.Fatalf("revision %d, want %d", e.Revision, revision)
			}
			revision--
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if revision != s.start || pages < 2 {
		t.Errorf("ended at revision %d after %d pages", revision, pages)
	}
	for _, wrong := range []string{"x", "-1", "0", "1.5"} {
		if _, err := s.API.Events(context.Background(), wrong); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("cursor %q: %v", wrong, err)
		}
	}
}

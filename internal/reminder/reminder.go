// Package reminder decides when a person is told that a key is about to expire: once a day, and in the last week every
// time. It remembers the day it was told last, and knows neither keys nor terminals.
package reminder

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/duration"
)

// everyTime is how long before the end it is told every time.
const everyTime = 7 * duration.Day

// Reminder is about one account's key.
type Reminder struct {
	Path   string        // the file that remembers the day; it and its folder need not exist
	Window time.Duration // how long before the end it begins; 0 = never
}

// Due tells whether it is time to tell of an end, now in the person's time zone. Of one that is over nothing is told.
func (r Reminder) Due(end, now time.Time) bool {
	left := end.Sub(now)
	if left <= 0 || left > r.Window {
		return false
	}
	return left <= everyTime || r.last() != now.Format(time.DateOnly)
}

// last gives the day it was told last. What can't be read is no day: it is told once too often rather than not at all.
func (r Reminder) last() string {
	text, err := os.ReadFile(r.Path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// Told remembers that it was told.
func (r Reminder) Told(now time.Time) error {
	if err := durable.MkdirAll(filepath.Dir(r.Path)); err != nil {
		return err
	}
	return os.WriteFile(r.Path, []byte(now.Format(time.DateOnly)+"\n"), 0o600)
}

package reminder_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/internal/reminder"
)

func TestDue(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	yesterday, tomorrow := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)
	const window = 30 * duration.Day
	for _, test := range []struct {
		name   string
		window time.Duration
		left   time.Duration
		told   time.Time // zero = never
		want   bool
	}{
		{"long before", window, window + time.Second, time.Time{}, false},
		{"the first time", window, window, time.Time{}, true},
		{"told today", window, 20 * duration.Day, now.Add(-time.Hour), false},
		{"told yesterday", window, 20 * duration.Day, yesterday, true},
		{"told on a day to come, by a clock that was wrong", window, 20 * duration.Day, tomorrow, true},
		{"a moment before the last week", window, 7*duration.Day + time.Second, now, false},
		{"in the last week", window, 7 * duration.Day, now, true},
		{"a moment before the end", window, time.Second, now, true},
		{"at the end", window, 0, time.Time{}, false},
		{"off", 0, time.Hour, time.Time{}, false},
		{"a short window", 2 * duration.Day, 3 * duration.Day, time.Time{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reminder.Reminder{Path: filepath.Join(t.TempDir(), "account", "reminded"), Window: test.window}
			if !test.told.IsZero() {
				if err := r.Told(test.told); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.Due(now.Add(test.left), now); got != test.want {
				t.Errorf("due is %v", got)
			}
		})
	}
}

func TestTold_IsPrivate(t *testing.T) {
	r := reminder.Reminder{Path: filepath.Join(t.TempDir(), "account", "reminded")}
	if err := r.Told(time.Now()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{r.Path: 0o600, filepath.Dir(r.Path): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

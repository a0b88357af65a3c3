package custody_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestPendingIn_OfAllAccounts: what was cut short, what is underway and what can't be read, and the rest left out.
func TestPendingIn_OfAllAccounts(t *testing.T) {
	data := t.TempDir()
	if list, err := custody.PendingIn(data); err != nil || len(list) != 0 {
		t.Fatalf("without accounts: %v %v", list, err)
	}
	const record = `{"operation":"generate","instance":"https://keys.example","login":"ada","at":"2026-11-24T09:00:00Z",` +
		`"idempotencyKey":"x"}`
	for account, text := range map[string]string{"1": record, "2": record, "3": "{", "4": ""} {
		dir := filepath.Join(data, "accounts", account)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "pending.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lock := flock.New(filepath.Join(data, "accounts", "2", "lock"))
	if got, err := lock.TryLock(); err != nil || !got {
		t.Fatal(got, err)
	}
	defer func() { _ = lock.Close() }()
	list, err := custody.PendingIn(data)
	if err != nil || len(list) != 3 {
		t.Fatalf("%v %v", list, err)
	}
	path := func(account string) string { return filepath.Join(data, "accounts", account, "pending.json") }
	cut := custody.Pending{
		Path: path("1"), Operation: keyapi.ActionGenerate, Instance: "https://keys.example", Login: "ada",
		Until: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
	}
	underway := cut
	underway.Path, underway.AtWork = path("2"), true
	for i, want := range []custody.Pending{cut, underway, {Path: path("3")}} {
		if list[i] != want {
			t.Errorf("got  %+v\nwant %+v", list[i], want)
		}
	}
	if text, err := os.ReadFile(path("1")); err != nil || string(text) != record {
		t.Errorf("the record was changed: %s %v", text, err)
	}
}

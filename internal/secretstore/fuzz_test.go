package secretstore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// FuzzFileSlot: an Access Key comes from a service. Whatever it is, its secret is a file of the store's folder, and no
// other slot's.
func FuzzFileSlot(f *testing.F) {
	for _, seed := range []string{"AK0123456789ABCDEFGH", "", "..", "../x", "/etc/x", "a\x00b", "session", ".", "é/", "%2e%2e", strings.Repeat("é", 300)} {
		f.Add(seed, "https://keys.example", "ada")
	}
	f.Fuzz(func(t *testing.T, name, instance, login string) {
		root := t.TempDir()
		store := NewFile(filepath.Join(root, "secrets"))
		slot := Slot{Instance: instance, Login: login, Name: name}
		ctx := context.Background()
		if err := store.Put(ctx, slot, keyapi.NewSecret("one")); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got, err := store.Get(ctx, slot); err != nil || got.Reveal() != "one" {
			t.Errorf("%q: %v", name, err)
		}
		other := slot
		other.Name = strings.ToLower(name) + "-"
		if _, err := store.Get(ctx, other); keyapi.CodeOf(err) != keyapi.CodeNoSecret {
			t.Errorf("%q and %q are one slot: %v", name, other.Name, err)
		}
		if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
			t.Errorf("%q: beside the folder there is %v", name, entries)
		}
		if files, err := os.ReadDir(filepath.Join(root, "secrets")); err != nil || len(files) != 1 {
			t.Errorf("%q: in the folder there is %v", name, files)
		}
	})
}

package custody_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// damaged gives a bench that has a key, and what puts other content in one of the account's files.
func damaged(f *testing.F, name string) (b *bench, damage func(t *testing.T, content []byte)) {
	f.Helper()
	b = newBench(f)
	b.mustAct(generate)
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*"))
	if err != nil || len(found) != 1 {
		f.Fatalf("%v %v", found, err)
	}
	return b, func(t *testing.T, content []byte) {
		t.Helper()
		b.t = t
		if err := os.WriteFile(filepath.Join(found[0], name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzPendingRecord: whatever is in the pending record, the next regenerate ends with a kept secret that is accepted, by
// one change.
func FuzzPendingRecord(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{}", `{"operation":"regenerate","idempotencyKey":"ik_0123456789ABCDEFGHIJKL"}`, `{"at":"9999-12-31T23:59:59Z"}`,
		`{"operation":"x","instance":"","login":"ada","at":"0001-01-01T00:00:00Z","idempotencyKey":"ik_"}`, `{"graceNanoseconds":-1}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	b, damage := damaged(f, "pending.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		damage(t, content)
		before := b.key().Revision
		b.Unfinished()
		b.mustAct(regenerate)
		if got := b.key().Revision; got != before+1 {
			t.Errorf("revision %d, was %d", got, before)
		}
		b.safe()
	})
}

// FuzzKept: whatever is in the note of what is kept, a reader gets it or a typed error, and the next regenerate ends with
// a kept secret that is accepted.
func FuzzKept(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", `{"accessKey":"../../x","store":"file"}`, `{"accessKey":"AK0123456789ABCDEFGH","store":"elsewhere","stale":[{}]}`,
		`{"stale":[{"accessKey":"AK0123456789ABCDEFGH","store":"keyring"},null]}`, `{"keptAt":"x"}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	b, damage := damaged(f, "kept.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		damage(t, content)
		_, kept := b.Kept()
		_, _, open := b.Open(context.Background())
		for _, err := range []error{kept, open} {
			var known *keyapi.Error
			if err != nil && !errors.As(err, &known) {
				t.Errorf("%#v has no code", err)
			}
		}
		b.mustAct(regenerate)
		b.safe()
	})
}

package custody_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/internal/secretstore/storefake"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// alone is an account without a session.
type alone struct{}

func (alone) Store() (secretstore.Kind, error) { return "", nil }

func (alone) Copy(context.Context, secretstore.Store) (bool, error) { return false, nil }

func (alone) Clear(context.Context) (bool, error) { return false, nil }

func (b *bench) move(to secretstore.Kind) (changed bool, err error) {
	out, err := b.Move(context.Background(), to, alone{}, func() error {
		b.journal = append(b.journal, "choose")
		return nil
	})
	return out.Changed, err
}

// restsOnlyIn checks that the secret, and nothing else, is in one store.
func (b *bench) restsOnlyIn(s *storefake.Store) {
	b.t.Helper()
	b.safe()
	for _, store := range []*storefake.Store{b.keyring, b.file} {
		if want := map[bool]int{true: 1, false: 0}[store == s]; len(store.Kept) != want {
			b.t.Errorf("%d secrets are in the %s", len(store.Kept), store.Kind())
		}
	}
	if kept, err := b.Kept(); err != nil || len(kept.Stale) != 0 || kept.Store != s.Kind() {
		b.t.Errorf("noted: %+v, %v", kept, err)
	}
}

func TestMove_CopiesNotesChooses_ThenErases(t *testing.T) {
	b := newBench(t)
	before := b.mustAct(generate).Kept
	b.journal = nil
	if changed, err := b.move(secretstore.KindFile); err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	want := []string{"file probe", "keyring get", "file put", "choose", "keyring delete", "keyring get"}
	if !slices.Equal(b.journal, want) {
		t.Errorf("did %v, want %v", b.journal, want)
	}
	b.restsOnlyIn(b.file)
	if after, _ := b.Kept(); !after.At.Equal(before.At) {
		t.Error("it counts as kept anew")
	}
	b.journal = nil
	if changed, err := b.move(secretstore.KindFile); err != nil || changed || !slices.Equal(b.journal, []string{"choose"}) {
		t.Errorf("a second time: %v %v %v", changed, err, b.journal)
	}
}

func TestMove_NothingKept_OnlyChooses(t *testing.T) {
	b := newBench(t)
	if changed, err := b.move(secretstore.KindFile); err != nil || changed || !slices.Equal(b.journal, []string{"choose"}) {
		t.Errorf("%v %v %v", changed, err, b.journal)
	}
}

func TestMove_TheCachedTokenDoesNotGoAlong_AndIsNotLeft(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	(&granter{b: b}).want(false, "token 1")
	if len(b.keyring.Kept) != 2 {
		t.Fatal("no token is cached")
	}
	if _, err := b.move(secretstore.KindFile); err != nil {
		t.Fatal(err)
	}
	b.restsOnlyIn(b.file)
}

func TestMove_TargetFails_NothingIsMoved(t *testing.T) {
	for _, method := range []string{"probe", "put"} {
		for code, noted := range map[keyapi.Code]int{keyapi.CodeStoreLocked: 0, keyapi.CodeStoreTimeout: 1} {
			b := newBench(t)
			b.mustAct(generate)
			b.file.Fails[method], b.file.Lands = fail(code), true
			_, err := b.move(secretstore.KindFile)
			b.wantCode(err, code)
			b.safe()
			if slices.Contains(b.journal, "choose") || len(b.keyring.Kept) != 1 || len(b.file.Kept) != 0 {
				t.Errorf("%s %s: %v", method, code, b.journal)
			}
			if kept, _ := b.Kept(); method == "put" && len(kept.Stale) != noted {
				t.Errorf("%s %s: noted are %v", method, code, kept.Stale)
			}
			delete(b.file.Fails, method)
			if _, err := b.move(secretstore.KindFile); err != nil {
				t.Fatal(err)
			}
			b.restsOnlyIn(b.file)
		}
	}
}

// TestMove_TheOldStoreDoesNotLetGo: the error says where both copies are, and the same command ends it.
func TestMove_TheOldStoreDoesNotLetGo(t *testing.T) {
	for _, method := range []string{"delete", "nothing"} {
		b := newBench(t)
		b.mustAct(generate)
		b.keyring.Fails[method] = fail(keyapi.CodeStoreLocked)
		want := keyapi.CodeStoreLocked
		if method == "nothing" { // it says that it deleted, and did not
			b.Keyring, want = stubborn{b.keyring}, keyapi.CodeStoreFailed
		}
		for range 2 { // and as long as that lasts
			_, err := b.move(secretstore.KindFile)
			b.wantCode(err, want)
			var told *keyapi.Error
			if !errors.As(err, &told) || !strings.Contains(told.Error(), "is in the fake file now") || !strings.Contains(told.Error(), "still in the fake keyring") ||
				!strings.Contains(told.Hint, "apikey store move file") {
				t.Errorf("it says %v", err)
			}
			b.safe()
		}
		b.Keyring = b.keyring
		delete(b.keyring.Fails, method)
		if changed, err := b.move(secretstore.KindFile); err != nil || !changed {
			t.Errorf("%v %v", changed, err)
		}
		b.restsOnlyIn(b.file)
	}
}

// stubborn is a store that deletes nothing.
type stubborn struct{ secretstore.Store }

func (stubborn) Delete(context.Context, secretstore.Slot) error { return nil }

func TestMove_TheChoiceCannotBeWritten_NothingIsErased_AndTheNextEndsIt(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	_, err := b.Move(context.Background(), secretstore.KindFile, alone{}, func() error { return fail(keyapi.CodeUsage) })
	b.wantCode(err, keyapi.CodeUsage)
	b.safe()
	if len(b.keyring.Kept) != 1 || len(b.file.Kept) != 1 {
		t.Errorf("%d and %d", len(b.keyring.Kept), len(b.file.Kept))
	}
	if _, err := b.move(secretstore.KindFile); err != nil {
		t.Fatal(err)
	}
	b.restsOnlyIn(b.file)
}

// TestMove_BackBeforeItEnded: a copy that was left where the secret goes back to is the secret then, and stays.
func TestMove_BackBeforeItEnded(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreLocked)
	_, err := b.move(secretstore.KindFile)
	b.wantCode(err, keyapi.CodeStoreLocked)
	delete(b.keyring.Fails, "delete")
	if _, err := b.move(secretstore.KindKeyring); err != nil {
		t.Fatal(err)
	}
	b.restsOnlyIn(b.keyring)
}

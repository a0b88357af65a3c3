package custody_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/internal/secretstore/storefake"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestAWriteThatLandsLate_LeavesNoStraySecret(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["put"], b.keyring.Lands = fail(keyapi.CodeStoreTimeout), true
	_, err := b.act(regenerate)
	b.wantCode(err, keyapi.CodeStoreTimeout)
	stray := b.key().AccessKey
	b.keyring.Fails, b.keyring.Lands = map[string]error{}, false
	if _, err := b.api.Delete(context.Background(), keyapi.Change{}); err != nil { // on another machine
		t.Fatal(err)
	}
	b.mustAct(generate)
	for slot := range b.keyring.Kept {
		if slot.Name == stray {
			t.Error("the stray secret is still there")
		}
	}
	if len(b.keyring.Kept) != 1 {
		t.Errorf("%d secrets are kept", len(b.keyring.Kept))
	}
	b.safe()
}

func TestTheOldSlotCannotBeRemoved_IsToldAndTriedAgain(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreDenied)
	b.mustAct(regenerate)
	if len(b.notices) != 1 || !strings.Contains(b.notices[0], "The old secret of AK") {
		t.Errorf("notices %v", b.notices)
	}
	b.keyring.Fails = map[string]error{}
	b.mustAct(regenerate)
	if len(b.keyring.Kept) != 1 {
		t.Errorf("%d secrets are kept", len(b.keyring.Kept))
	}
	b.safe()
}

func TestMetadata_Damaged_IsAnErrorForReaders_AndNoObstacleForANewSecret(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "kept.json"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.WriteFile(found[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = b.Kept()
	b.wantCode(err, keyapi.CodeStoreFailed)
	b.mustAct(regenerate)
	b.safe()
}

func TestFiles_HoldNoAccessSecret_AndArePrivate(t *testing.T) {
	b := newBench(t)
	b.loses(generate)
	err := filepath.Walk(filepath.Join(b.Dir, "accounts"), func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if info.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "aks_") {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpen_DamagedSecret_IsNotPrinted(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	for slot, good := range b.keyring.Kept {
		for _, text := range []string{"x", good[:20], good + "0"} {
			b.keyring.Kept[slot] = text
			_, _, err := b.Open(context.Background())
			if keyapi.CodeOf(err) != keyapi.CodeStoreFailed || strings.Contains(err.Error(), "aks_") {
				t.Errorf("got %v", err)
			}
		}
	}
}

// TestMetadata_Damaged_DoesNotHideThatTheKeyIsDisabled: what was asked for is done; that must not look like a failure.
func TestMetadata_Damaged_DoesNotHideThatTheKeyIsDisabled(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	found, err := filepath.Glob(filepath.Join(b.Dir, "accounts", "*", "kept.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	if err := os.WriteFile(found[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, a := range []keyapi.Action{keyapi.ActionDisable, keyapi.ActionDelete} {
		b.notices = nil
		if out := b.mustAct(custody.Intent{Action: a, Yes: true}); !out.Changed || len(b.notices) != 1 {
			t.Errorf("%s: %+v, told %v", a, out, b.notices)
		}
	}
}

// TestAWriteThatCannotBeReadBack_LeavesNoStraySecret, also when the secret is recovered into another store.
func TestAWriteThatCannotBeReadBack_LeavesNoStraySecret(t *testing.T) {
	for _, code := range []keyapi.Code{keyapi.CodeStoreFailed, keyapi.CodeStoreLocked, keyapi.CodeNoSecret} {
		b := newBench(t)
		b.keyring.Fails["put"], b.keyring.Lands = fail(code), true
		_, err := b.act(generate)
		b.wantCode(err, code)
		b.keyring.Fails = map[string]error{}
		b.Choice = keeping.ChooseFile
		b.mustAct(generate)
		b.restsOnlyIn(b.file)
	}
}

// TestACopyOfAMoveIsLeft_IsToldAsSuch: to forget would remove the kept secret too, which may be the only one that works.
func TestACopyOfAMoveIsLeft_IsToldAsSuch(t *testing.T) {
	b := newBench(t)
	b.mustAct(generate)
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreLocked)
	_, err := b.move(secretstore.KindFile)
	b.wantCode(err, keyapi.CodeStoreLocked)
	(&granter{b: b}).want(false, "token 1")
	b.mustAct(custody.Intent{Action: keyapi.ActionDisable, Yes: true}) // removes the token, and tries the copy again
	told := strings.Join(b.notices, "\n")
	if !strings.Contains(told, "A copy of the secret of "+b.key().AccessKey+" is still in the fake keyring") ||
		!strings.Contains(told, "apikey store move file removes it") || strings.Contains(told, "forget") {
		t.Errorf("told: %s", told)
	}
}

// killing is a store in whose Put the program is killed: the secret is in it, and nothing more is done.
type killing struct{ *storefake.Store }

func (s killing) Put(ctx context.Context, slot secretstore.Slot, secret keyapi.Secret) error {
	_ = s.Store.Put(ctx, slot, secret)
	panic("killed")
}

// TestImport_ThatIsKilled_LeavesNoSecretOfWhichNothingTells: importing again to another store, and forget, find it.
func TestImport_ThatIsKilled_LeavesNoSecretOfWhichNothingTells(t *testing.T) {
	for name, after := range map[string]func(b *bench, made custody.Outcome) error{
		"forget": func(b *bench, _ custody.Outcome) error { _, err := b.Forget(context.Background(), true); return err },
		"import to another store": func(b *bench, made custody.Outcome) error {
			b.Choice = keeping.ChooseFile
			_, err := b.Import(context.Background(), made.Key.AccessKey, made.Secret)
			return err
		},
		"import again": func(b *bench, made custody.Outcome) error {
			if _, err := b.Import(context.Background(), made.Key.AccessKey, made.Secret); err != nil {
				return err
			}
			if len(b.keyring.Kept) != 1 {
				t.Error("what was imported is gone")
			}
			_, err := b.Forget(context.Background(), true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			made := b.mustAct(custody.Intent{Action: keyapi.ActionGenerate, ShowSecret: true})
			if _, err := b.Forget(context.Background(), true); err != nil {
				t.Fatal(err)
			}
			b.Keyring = killing{b.keyring}
			func() {
				defer func() { _ = recover() }()
				_, _ = b.Import(context.Background(), made.Key.AccessKey, made.Secret)
			}()
			b.Keyring = b.keyring
			if len(b.keyring.Kept) != 1 {
				t.Fatalf("kept: %v", b.keyring.Kept)
			}
			if err := after(b, made); err != nil || len(b.keyring.Kept) != 0 {
				t.Errorf("%v; kept: %v", err, b.keyring.Kept)
			}
		})
	}
}

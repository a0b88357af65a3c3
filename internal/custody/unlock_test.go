package custody_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/internal/secretstore/storefake"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// guarded is a store that asks a person at its first use, and sees that no lock is held meanwhile.
type guarded struct {
	*storefake.Store
	b     *bench
	asked int
}

func (g *guarded) ask() {
	if g.asked++; g.asked > 1 {
		return
	}
	locks, _ := filepath.Glob(filepath.Join(g.b.Dir, "accounts", "*", "lock"))
	for _, path := range locks {
		lock := flock.New(path)
		if free, err := lock.TryLock(); err != nil || !free {
			g.b.t.Errorf("a person is asked while the lock is held: %v", err)
		}
		_ = lock.Close()
	}
}

func (g *guarded) Unlock(context.Context) error { g.ask(); return nil }

func (g *guarded) Retry() { g.asked = 0 }

func (g *guarded) Probe(ctx context.Context, s secretstore.Slot) error {
	g.ask()
	return g.Store.Probe(ctx, s)
}

func (g *guarded) Get(ctx context.Context, s secretstore.Slot) (keyapi.Secret, error) {
	g.ask()
	return g.Store.Get(ctx, s)
}

// TestNobodyIsAsked_WhileTheLockIsHeld: another apikey on the account would wait for as long as a person takes.
func TestNobodyIsAsked_WhileTheLockIsHeld(t *testing.T) {
	for name, do := range map[string]func(*bench) error{
		"recover": func(b *bench) error { _, err := b.act(generate); return err },
		"secret": func(b *bench) error {
			return b.Secret(context.Background(), func(string, keyapi.Secret) error { return nil })
		},
		"token": func(b *bench) error {
			b.mustAct(generate)
			b.Retry()
			_, err := b.Token(context.Background(), true, (&granter{b: b}).grant)
			return err
		},
		"move out": func(b *bench) error {
			b.mustAct(generate)
			b.Retry()
			_, err := b.move(secretstore.KindFile)
			return err
		},
		"move in": func(b *bench) error {
			b.Choice = keeping.ChooseFile
			b.mustAct(generate)
			b.Retry()
			_, err := b.move(secretstore.KindSealed)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			store := &guarded{Store: storefake.New(secretstore.KindSealed, &b.journal), b: b}
			b.Choice, b.Others = keeping.ChooseSealed, []secretstore.Store{store}
			b.api.after = fail(keyapi.CodeOutcomeUnknown) // leaves a record
			_, err := b.act(generate)
			b.wantCode(err, keyapi.CodeOutcomeUnknown)
			b.api.after = nil
			store.Retry()
			if err := do(b); err != nil || store.asked == 0 {
				t.Errorf("asked %d times: %v", store.asked, err)
			}
		})
	}
}

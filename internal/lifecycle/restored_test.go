package lifecycle_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestRestored_NoGenerationGivenOutSinceTheCopyComesAlive: a key goes on after it was copied; whatever generation it had
// meanwhile, the restored copy has another one, and so has the key in its grace period.
func TestRestored_NoGenerationGivenOutSinceTheCopyComesAlive(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	apply := func(k lifecycle.Key, a keyapi.Action, name string, grace time.Duration) lifecycle.Key {
		after, _, refused := k.Apply(a, now, lifecycle.Fresh{AccessKey: name}, grace)
		if refused != "" {
			t.Fatalf("%s: %s", a, refused)
		}
		return after
	}
	copied := apply(lifecycle.Key{}, keyapi.ActionGenerate, "a", 0)
	copied = apply(copied, keyapi.ActionRegenerate, "b", time.Hour)
	restored := copied.Restored()
	mine := map[int64]bool{restored.Generation: true, restored.Previous.Generation: true}
	if len(mine) != 2 {
		t.Fatalf("the key and its previous one share a generation: %+v", restored)
	}
	live := copied
	for range 1000 {
		live = apply(live, keyapi.ActionDisable, "", 0)
		live = apply(live, keyapi.ActionActivate, "", 0)
		if mine[live.Generation] {
			t.Fatalf("generation %d was given out before the restore", live.Generation)
		}
	}
	if string(restored.Verifier) != string(copied.Verifier) || restored.AccessKey != copied.AccessKey || restored.Disabled {
		t.Errorf("the key itself was changed: %+v", restored)
	}
	if restored.Revision != copied.Revision+1 {
		t.Errorf("revision %d, want one more than %d", restored.Revision, copied.Revision)
	}
}

func TestRestored_WithoutAKey_GenerationsGoOnAllTheSame(t *testing.T) {
	k := lifecycle.Key{Revision: 4, LastGeneration: 3}.Restored()
	after, _, _ := k.Apply(keyapi.ActionGenerate, time.Unix(0, 0), lifecycle.Fresh{AccessKey: "a"}, 0)
	if after.Generation <= 1003 {
		t.Errorf("generation %d can have been given out since the copy was made", after.Generation)
	}
}

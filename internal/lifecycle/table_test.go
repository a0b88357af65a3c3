package lifecycle_test

import (
	"reflect"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// TestTable is the state table of the design (§2), cell by cell, as it stands there.
func TestTable(t *testing.T) {
	type cell struct {
		from    keyapi.Status
		action  keyapi.Action
		outcome string // "→ state", "→ state, new key", "no change" or the code of the refusal
	}
	cells := []cell{
		{"none", "generate", "→ active, new key"},
		{"none", "disable", "no-key"},
		{"none", "activate", "no-key"},
		{"none", "regenerate", "no-key"},
		{"none", "delete", "no-key"},

		{"active", "generate", "key-exists"},
		{"active", "disable", "→ disabled"},
		{"active", "activate", "no change"},
		{"active", "regenerate", "→ active, new key"},
		{"active", "delete", "→ none"},

		{"disabled", "generate", "key-exists"},
		{"disabled", "disable", "no change"},
		{"disabled", "activate", "→ active"},
		{"disabled", "regenerate", "→ active, new key"},
		{"disabled", "delete", "→ none"},

		{"expired", "generate", "key-exists"},
		{"expired", "disable", "key-expired"},
		{"expired", "activate", "key-expired"},
		{"expired", "regenerate", "→ active, new key"},
		{"expired", "delete", "→ none"},

		// delete --previous, without a previous key: there must be a key, and nothing changes.
		{"none", "delete-previous", "no-key"},
		{"active", "delete-previous", "no change"},
		{"disabled", "delete-previous", "no change"},
		{"expired", "delete-previous", "no change"},
	}
	if len(cells) != 4*6 {
		t.Fatalf("%d cells", len(cells))
	}
	for _, c := range cells {
		t.Run(string(c.from)+"/"+string(c.action), func(t *testing.T) {
			before := states()[c.from]
			if got := before.Status(now); got != c.from {
				t.Fatalf("the test's key is %s", got)
			}
			after, changed, refused := before.Apply(c.action, now, fresh, 0)
			if got := describe(before, after, changed, refused); got != c.outcome {
				t.Errorf("got %q, want %q", got, c.outcome)
			}
			if !reflect.DeepEqual(before, states()[c.from]) {
				t.Error("the key it was applied to was touched")
			}
			wantRevision := before.Revision
			if changed {
				wantRevision++
			} else if !reflect.DeepEqual(after, before) {
				t.Errorf("nothing changed, but the key became %+v", after)
			}
			if after.Revision != wantRevision {
				t.Errorf("revision %d, want %d", after.Revision, wantRevision)
			}
			if change, code := before.Check(c.action, now); change != changed || code != refused {
				t.Errorf("Check said %v, %q; Apply %v, %q", change, code, changed, refused)
			}
		})
	}
}

// describe puts an outcome in the words of the table.
func describe(before, after lifecycle.Key, changed bool, refused keyapi.Code) string {
	switch {
	case refused != "":
		return string(refused)
	case !changed:
		return "no change"
	case after.AccessKey != "" && after.AccessKey != before.AccessKey:
		return "→ " + string(after.Status(now)) + ", new key"
	default:
		return "→ " + string(after.Status(now))
	}
}

func TestApply_NewKey_IsTheFreshOneMadeNow(t *testing.T) {
	for _, from := range []keyapi.Status{keyapi.StatusNone, keyapi.StatusActive, keyapi.StatusDisabled, keyapi.StatusExpired} {
		action := keyapi.ActionRegenerate
		if from == keyapi.StatusNone {
			action = keyapi.ActionGenerate
		}
		k := apply(t, states()[from], action, now, 0)
		if k.AccessKey != fresh.AccessKey || string(k.Verifier) != string(fresh.Verifier) || k.Disabled || k.Previous != nil {
			t.Errorf("from %s: %+v", from, k)
		}
		if want := now.Truncate(1e9); !k.CreatedAt.Equal(want) {
			t.Errorf("from %s: created %v, want the whole second %v", from, k.CreatedAt, want)
		}
	}
}

func TestApply_UnknownAction_IsRefused(t *testing.T) {
	for status, k := range states() {
		if _, changed, refused := k.Apply("explode", now, fresh, 0); changed || refused != keyapi.CodeInvalidRequest {
			t.Errorf("%s: changed %v, refused %q", status, changed, refused)
		}
	}
}

func TestRevision_CountsOverDeleteAndNeverResets(t *testing.T) {
	k := lifecycle.Key{}
	for want, a := range []keyapi.Action{
		keyapi.ActionGenerate, keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete,
		keyapi.ActionGenerate, keyapi.ActionDelete, keyapi.ActionGenerate,
	} {
		k = apply(t, k, a, now, 0)
		if k.Revision != int64(want)+1 {
			t.Errorf("after %d changes the revision is %d", want+1, k.Revision)
		}
	}
}

func TestDelete_LeavesOnlyTheCounters(t *testing.T) {
	after := apply(t, inGrace(), keyapi.ActionDelete, now, 0)
	if want := (lifecycle.Key{Revision: 10, LastGeneration: 4}); !reflect.DeepEqual(after, want) {
		t.Errorf("got  %+v\nwant %+v", after, want)
	}
}

package lifecycle_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// accounts are the situations an account can be in.
var accounts = map[string]lifecycle.Facts{
	"full":          full,
	"no MFA":        {MFARequired: true, Permitted: true},
	"no permission": {MFARequired: true, MFAEnabled: true},
	"neither":       {MFARequired: true},
	"embedded":      {Permitted: true}, // the service does not require MFA
}

// TestBlockedByAndActions is what the page shows in every situation: why the key does not work, and what can be done.
func TestBlockedByAndActions(t *testing.T) {
	type row struct {
		state     keyapi.Status
		account   string
		blockedBy string
		actions   string
	}
	rows := []row{
		{"none", "full", "no-key", "generate"},
		{"none", "embedded", "no-key", "generate"},
		{"none", "no MFA", "no-key mfa-not-enabled", ""},
		{"none", "no permission", "no-key not-permitted", ""},
		{"none", "neither", "no-key mfa-not-enabled not-permitted", ""},

		{"active", "full", "", "disable regenerate delete"},
		{"active", "embedded", "", "disable regenerate delete"},
		{"active", "no MFA", "mfa-not-enabled", "disable delete"},
		{"active", "no permission", "not-permitted", "disable delete"},
		{"active", "neither", "mfa-not-enabled not-permitted", "disable delete"},

		{"disabled", "full", "disabled", "activate regenerate delete"},
		{"disabled", "embedded", "disabled", "activate regenerate delete"},
		{"disabled", "no MFA", "disabled mfa-not-enabled", "activate delete"}, // activate works without MFA
		{"disabled", "no permission", "disabled not-permitted", "delete"},
		{"disabled", "neither", "disabled mfa-not-enabled not-permitted", "delete"},

		{"expired", "full", "expired", "regenerate delete"},
		{"expired", "embedded", "expired", "regenerate delete"},
		{"expired", "no MFA", "expired mfa-not-enabled", "delete"},
		{"expired", "no permission", "expired not-permitted", "delete"},
		{"expired", "neither", "expired mfa-not-enabled not-permitted", "delete"},
	}
	if len(rows) != 4*len(accounts) {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		view := states()[r.state].View("ada", now, now, accounts[r.account])
		if got := words(view.BlockedBy); got != r.blockedBy {
			t.Errorf("%s, %s: blocked by %q, want %q", r.state, r.account, got, r.blockedBy)
		}
		if got := words(view.Actions); got != r.actions {
			t.Errorf("%s, %s: actions %q, want %q", r.state, r.account, got, r.actions)
		}
		if view.Usable != (r.blockedBy == "") || view.Status != r.state {
			t.Errorf("%s, %s: usable %v, status %s", r.state, r.account, view.Usable, view.Status)
		}
	}
}

func words[S ~string](list []S) string {
	return strings.Trim(fmt.Sprint(list), "[]")
}

// Taking rights away is never harder than using them; the permission is asked for before MFA.
func TestAllowed(t *testing.T) {
	for action, codes := range map[keyapi.Action]map[string]keyapi.Code{
		keyapi.ActionGenerate:       {"no MFA": "mfa-not-enabled", "no permission": "not-permitted", "neither": "not-permitted"},
		keyapi.ActionRegenerate:     {"no MFA": "mfa-not-enabled", "no permission": "not-permitted", "neither": "not-permitted"},
		keyapi.ActionActivate:       {"no permission": "not-permitted", "neither": "not-permitted"},
		keyapi.ActionDisable:        {},
		keyapi.ActionDelete:         {},
		keyapi.ActionDeletePrevious: {},
	} {
		for name, facts := range accounts {
			if got := lifecycle.Allowed(action, facts); got != codes[name] {
				t.Errorf("%s, %s: %q, want %q", action, name, got, codes[name])
			}
		}
	}
}

func TestView(t *testing.T) {
	k := inGrace()
	used := now.Add(-day)
	v := k.View("ada", now, used, full)
	if v.Account != "ada" || v.AccessKey != "AK-old" || v.Revision != 9 || !v.MFAEnabled || !v.CreatedAt.Equal(k.CreatedAt) ||
		!v.ExpiresAt.Equal(k.ExpiresAt()) || !v.LastUsedAt.Equal(used) {
		t.Errorf("got %+v", v)
	}
	if v.Previous == nil || v.Previous.AccessKey != "AK-older" || !v.Previous.EndsAt.Equal(k.Previous.EndsAt) {
		t.Errorf("previous %+v", v.Previous)
	}
	if ended := k.View("ada", k.Previous.EndsAt, used, full); ended.Previous != nil {
		t.Errorf("a grace that has ended is shown: %+v", ended.Previous)
	}
	none := states()[keyapi.StatusNone].View("ada", now, used, full)
	if none.AccessKey != "" || !none.CreatedAt.IsZero() || !none.ExpiresAt.IsZero() || !none.LastUsedAt.IsZero() || none.Revision != 9 {
		t.Errorf("without a key: %+v", none)
	}
}

// What a client foresees from the key it was shown is what the service will say.
func TestForesee_AgreesWithTheService(t *testing.T) {
	all := states()
	all["in grace"] = inGrace()
	for state, k := range all {
		for name, facts := range accounts {
			for _, a := range []keyapi.Action{
				keyapi.ActionGenerate, keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete,
				keyapi.ActionDeletePrevious, "explode",
			} {
				wantChange, want := k.Check(a, now)
				if code := lifecycle.Allowed(a, facts); code != "" {
					wantChange, want = false, code
				}
				change, err := lifecycle.Foresee(k.View("ada", now, now, facts), a)
				if change != wantChange || keyapi.CodeOf(err) != want {
					t.Errorf("%s, %s, %s: foreseen %v, %q; the service says %v, %q",
						state, name, a, change, keyapi.CodeOf(err), wantChange, want)
				}
			}
		}
	}
}

func TestRefusal_SaysSomethingForEveryCode(t *testing.T) {
	for _, code := range []keyapi.Code{
		keyapi.CodeNoKey, keyapi.CodeKeyExists, keyapi.CodeKeyExpired, keyapi.CodeKeyDisabled, keyapi.CodeNotPermitted,
		keyapi.CodeMFANotEnabled, keyapi.CodeInvalidRequest,
	} {
		err := lifecycle.Refusal(code)
		if err.Code != code || err.Message == "" || errors.Unwrap(err) != nil {
			t.Errorf("%s: %+v", code, err)
		}
	}
}

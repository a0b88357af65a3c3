package accesstoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

func TestSigningKeyFromSeed_Restores(t *testing.T) {
	k := newKey(t, now)
	back, err := accesstoken.SigningKeyFromSeed(k.ID, k.Seed(), k.CreatedAt)
	if err != nil || back.ID != k.ID || !back.CreatedAt.Equal(k.CreatedAt) {
		t.Fatalf("%v (%v)", back, err)
	}
	if _, err := newSet(t, k).Verify(mint(t, newSet(t, back), claims()), want); err != nil {
		t.Errorf("it signs as another key: %v", err)
	}
	if k.CreatedAt != now.Truncate(time.Second) {
		t.Errorf("created at %v", k.CreatedAt)
	}
}

func TestSigningKeyFromSeed_NotTogether_Refused(t *testing.T) {
	k, other := newKey(t, now), newKey(t, now)
	for name, seed := range map[string][]byte{
		"another key's": other.Seed(), "none": nil, "short": k.Seed()[:31], "long": append(k.Seed(), 0),
	} {
		back, err := accesstoken.SigningKeyFromSeed(k.ID, seed, now)
		if err == nil || back.Seed() != nil {
			t.Errorf("%s: accepted", name)
		} else if shows(err.Error(), seed) {
			t.Errorf("%s: the error shows the seed", name)
		}
	}
}

// shows tells whether a text spells out a key in one of the ways a program would.
func shows(text string, key []byte) bool {
	if len(key) == 0 {
		return false
	}
	list := fmt.Sprintf("%d", key[:8])
	for _, form := range []string{
		string(key), fmt.Sprintf("%x", key[:8]), fmt.Sprintf("%X", key[:8]), fmt.Sprintf("% x", key[:8]),
		strings.Trim(list, "[]"), strings.Trim(fmt.Sprintf("%#v", key[:8]), "[]byte{}"),
		base64.StdEncoding.EncodeToString(key)[:12], hex.EncodeToString(key),
		strings.Trim(fmt.Sprintf("%o", key[:8]), "[]"), strings.Trim(fmt.Sprintf("%b", key[:8]), "[]"),
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// TestPrint_EveryVerb_ShowsNoKey is the canary: no way of printing a key, or what holds one, spells out its seed.
func TestPrint_EveryVerb_ShowsNoKey(t *testing.T) {
	k := newKey(t, now)
	s := newSet(t, k)
	for _, format := range []string{"%v", "%s", "%x", "%X", "% x", "%#v", "%o", "%b"} {
		if seed := k.Seed(); !shows(fmt.Sprintf(format, seed), seed) {
			t.Fatalf("the canary does not see %s", format)
		}
	}
	type holder struct {
		key  accesstoken.SigningKey
		set  *accesstoken.KeySet
		many []accesstoken.SigningKey
		any  any
	}
	h := holder{k, &s, []accesstoken.SigningKey{k}, k}
	for name, value := range map[string]any{
		"key": k, "pointer to it": &k, "set": s, "pointer to that": &s, "nested": h, "pointer to nested": &h,
		"map": map[string]accesstoken.SigningKey{"a": k}, "terms": s.Terms(), "claims": claims(),
	} {
		for verb := byte('!'); verb <= '~'; verb++ {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "80"} {
				if format := "%" + flags + string(verb); shows(fmt.Sprintf(format, value), k.Seed()) {
					t.Errorf("%s with %s shows the key", name, format)
				}
			}
		}
		if text, err := json.Marshal(value); err != nil || shows(string(text), k.Seed()) {
			t.Errorf("%s as JSON shows the key (%v)", name, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("done", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("done", "value", value)
		if shows(log.String(), k.Seed()) {
			t.Errorf("%s in a log shows the key", name)
		}
	}
	if got := fmt.Sprint(k); got != "signing key "+k.ID {
		t.Errorf("it prints as %q", got)
	}
}

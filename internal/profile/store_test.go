package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestStoreCommand_IsAListOfTheProfile(t *testing.T) {
	s, err := newHome(t, "profiles:\n  local:\n    store-command: [op-helper, --vault, a b]\n    passphrase-file: /in/profile\n",
		"APIKEY_PASSPHRASE_FILE", "/in/env", "APIKEY_STORE", "command").load(t)
	if err != nil || !slices.Equal(s.StoreCommand, []string{"op-helper", "--vault", "a b"}) || s.Store != "command" {
		t.Errorf("%q, %v", s.StoreCommand, err)
	}
	if s.PassphraseFile != "/in/env" || s.Source("passphrase-file") != "APIKEY_PASSPHRASE_FILE" || s.Source("store-command") != "profile local" {
		t.Errorf("%q from %s", s.PassphraseFile, s.Source("passphrase-file"))
	}
	s, err = newHome(t, "").load(t)
	if err != nil || len(s.StoreCommand) != 0 || s.PassphraseFile != "" {
		t.Errorf("%q, %v", s.StoreCommand, err)
	}
	for _, value := range []string{"op-helper --vault", "[]", "[[a]]", "[1]", `[""]`, "{a: b}"} {
		_, err := newHome(t, "profiles:\n  local:\n    store-command: "+value+"\n").load(t)
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), "is not a list of texts") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestStored_IsWhatTheProfileSays(t *testing.T) {
	h := newHome(t, "profiles:\n  local:\n    store: sealed\n", "APIKEY_STORE", "file")
	s, err := h.load(t)
	if err != nil || s.Store != "file" {
		t.Fatalf("%q, %v", s.Store, err)
	}
	if got, err := profile.Stored(s.Config, profile.Local, "store"); err != nil || got != "sealed" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := profile.Stored(s.Config, "other", "store"); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

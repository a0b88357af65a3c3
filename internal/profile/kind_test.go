package profile_test

import (
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const threeKinds = `current: registry
profiles:
  registry:
    token-url: https://registry.example/token
  prod:
    server: https://keys.example
`

func TestKind_OfEachProfile(t *testing.T) {
	h := newHome(t, threeKinds)
	want := map[string]profile.Kind{
		"local": profile.KindEmbedded, "registry": profile.KindOAuth2, "prod": profile.KindService,
	}
	list, err := profile.List(h.dir)
	if err != nil || len(list) != len(want) {
		t.Fatalf("%v, %v", list, err)
	}
	for _, e := range list {
		if e.Kind() != want[e.Name] {
			t.Errorf("%s: listed as %s", e.Name, e.Kind())
		}
		s, err := h.load(t, "--profile", e.Name)
		if err != nil || s.Kind() != want[e.Name] || s.TokenURL != e.TokenURL {
			t.Errorf("%s: settled as %s, %q, %v", e.Name, s.Kind(), s.TokenURL, err)
		}
	}
}

func TestTokenURL_AServerNamedForTheRun_GoesBeforeIt(t *testing.T) {
	for _, s := range []func() (profile.Settings, error){
		func() (profile.Settings, error) {
			return newHome(t, threeKinds).load(t, "--server", "https://keys.example")
		},
		func() (profile.Settings, error) {
			return newHome(t, threeKinds, "APIKEY_SERVER", "https://keys.example").load(t)
		},
	} {
		got, err := s()
		if err != nil || got.TokenURL != "" || got.Kind() != profile.KindService {
			t.Errorf("got %q, %s, %v", got.TokenURL, got.Kind(), err)
		}
		for _, v := range got.Values() {
			if v.Name == "token-url" && v.Text != "" {
				t.Errorf("shown as %q", v.Text)
			}
		}
	}
}

func TestTokenURL_WhereItMakesNoSense(t *testing.T) {
	for config, want := range map[string]string{
		"profiles:\n  both:\n    server: https://a.example\n    token-url: https://b.example/t\ncurrent: both\n": "both a server and a token-url",
		"profiles:\n  local:\n    token-url: https://b.example/t\n":                                              `can't have the setting "token-url"`,
	} {
		_, err := newHome(t, config).load(t)
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", config, err)
		}
	}
}

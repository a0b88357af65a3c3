package profile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// FuzzConfig: whatever is in config.yaml, and whichever profile is asked for, the settings are settled or the error says
// what is wrong. What is written into such a file is read from it.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"", "current: work\nprofiles:\n  work:\n    store: file\n", "profiles: [1, 2]", "profiles:\n  work: null\n", "current: {a: b}",
		"profiles:\n  local:\n    timeout: 1d\n    no-input: maybe\n", "a: &a [*a]", "\x00", "profiles: &p\n  local: *p\n", "- 1\n", "profiles:\n  ? [x]\n  : y\n",
	} {
		f.Add([]byte(seed), "local")
	}
	f.Add([]byte("profiles:\n  \"..\":\n    store: file\n"), "../x")
	f.Fuzz(func(t *testing.T, config []byte, name string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), config, 0o600); err != nil {
			t.Fatal(err)
		}
		getenv := func(v string) string {
			return map[string]string{"APIKEY_CONFIG_DIR": dir, "APIKEY_DATA_DIR": dir, "APIKEY_PROFILE": name}[v]
		}
		load := func() (profile.Settings, error) {
			return profile.Load(pflag.NewFlagSet("", pflag.ContinueOnError), getenv, "linux")
		}
		settings, err := load()
		if err != nil {
			var known *keyapi.Error
			if !errors.As(err, &known) || known.Code != keyapi.CodeUsage {
				t.Fatalf("%#v is no usage error", err)
			}
			return
		}
		if settings.Profile == "" || len(settings.Profile) > 32 || strings.Trim(settings.Profile, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("the profile is %q", settings.Profile)
		}
		if settings.Timeout <= 0 {
			t.Errorf("the timeout is %v", settings.Timeout)
		}
		if profile.Set(dir, settings.Profile, "store", "none") != nil {
			return // the file is of another shape
		}
		if settings, err = load(); err != nil || settings.Store != "none" {
			t.Errorf("what was written is not read: %q %v", settings.Store, err)
		}
	})
}

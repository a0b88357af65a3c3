package profile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// home is a config folder with a file and an environment.
type home struct {
	dir      string
	env      map[string]string
	mayBeNew bool
}

func newHome(t *testing.T, config string, env ...string) home {
	t.Helper()
	h := home{dir: t.TempDir(), env: map[string]string{}}
	h.env["HOME"], h.env["APIKEY_CONFIG_DIR"] = h.dir, h.dir
	for i := 0; i < len(env); i += 2 {
		h.env[env[i]] = env[i+1]
	}
	if config != "" {
		if err := os.WriteFile(filepath.Join(h.dir, "config.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h home) load(t *testing.T, args ...string) (profile.Settings, error) {
	t.Helper()
	flags := pflag.NewFlagSet("apikey", pflag.ContinueOnError)
	flags.StringP("profile", "p", "", "")
	flags.StringP("output", "o", "table", "")
	flags.String("timeout", "30s", "")
	flags.Bool("no-input", false, "")
	flags.Bool("accessible", false, "")
	flags.String("server", "", "")
	flags.String("ca-file", "", "")
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	load := profile.Load
	if h.mayBeNew {
		load = profile.LoadNew
	}
	return load(flags, func(name string) string { return h.env[name] }, "linux")
}

func TestDefaults(t *testing.T) {
	s, err := newHome(t, "").load(t)
	if err != nil {
		t.Fatal(err)
	}
	if s.Profile != "local" || s.Server != "" || s.Output != "table" || s.Store != "auto" || s.Timeout != 30*time.Second || s.NoInput || s.Accessible || s.CI || s.KeyringTimeout != 0 {
		t.Errorf("got %+v", s)
	}
	if s.Source("output") != "default" {
		t.Errorf("source %q", s.Source("output"))
	}
}

func TestPrecedence_FlagEnvironmentProfileDefault(t *testing.T) {
	h := newHome(t, "profiles:\n  local:\n    output: json\n    timeout: 5s\n    store: none\n    accessible: true\n", "APIKEY_TIMEOUT", "6s", "APIKEY_STORE", "file")
	s, err := h.load(t, "--timeout", "7s")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, got, want, source string }{
		{"timeout", s.Timeout.String(), "7s", "--timeout"},
		{"store", s.Store, "file", "APIKEY_STORE"},
		{"output", s.Output, "json", "profile local"},
		{"no-input", map[bool]string{true: "true", false: "false"}[s.NoInput], "false", "default"},
		{"accessible", map[bool]string{true: "true", false: "false"}[s.Accessible], "true", "profile local"},
	} {
		if row.got != row.want || s.Source(row.name) != row.source {
			t.Errorf("%s = %s (%s), want %s (%s)", row.name, row.got, s.Source(row.name), row.want, row.source)
		}
	}
}

func TestWarnExpiry(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 30 * 24 * time.Hour, "off": 0, "7d": 7 * 24 * time.Hour} {
		config := ""
		if text != "" {
			config = "profiles:\n  local:\n    warn-expiry: " + text + "\n"
		}
		s, err := newHome(t, config).load(t)
		if err != nil || s.WarnExpiry != want {
			t.Errorf("warn-expiry: %s is %v, %v", text, s.WarnExpiry, err)
		}
	}
}

func TestWhichProfile(t *testing.T) {
	config := "current: sandbox\nprofiles:\n  sandbox: {server: https://sandbox.example}\n  production: {server: https://keys.example}\n"
	for _, test := range []struct {
		env  []string
		args []string
		want string
	}{
		{nil, nil, "sandbox"},
		{[]string{"APIKEY_PROFILE", "production"}, nil, "production"},
		{[]string{"APIKEY_PROFILE", "production"}, []string{"-p", "local"}, "local"},
	} {
		s, err := newHome(t, config, test.env...).load(t, test.args...)
		if err != nil || s.Profile != test.want {
			t.Errorf("%v %v: %q, %v", test.env, test.args, s.Profile, err)
		}
		if wantServer := map[string]string{"sandbox": "https://sandbox.example", "production": "https://keys.example"}[test.want]; s.Server != wantServer {
			t.Errorf("server %q, want %q", s.Server, wantServer)
		}
	}
	names, err := profile.Names(newHome(t, config).dir)
	if err != nil || strings.Join(names, " ") != "local production sandbox" {
		t.Errorf("names %v, %v", names, err)
	}
}

func TestWrongValues_AreUsageErrors_ThatSayWhereTheyCameFrom(t *testing.T) {
	for _, test := range []struct {
		config string
		env    []string
		args   []string
		says   string
	}{
		{config: "profiles: {local: {store: pocket}}", says: `The store "pocket" (profile local) is not one of auto, keyring, file, sealed, command, none`},
		{config: "profiles: {local: {stroe: file}}", says: `unknown setting "stroe"`},
		{config: "profiles: {local: {server: https://keys.example}}", says: `can't have the setting "server"`},
		{config: "profiles: {local: {login: ada}}", says: `can't have the setting "login"`},
		{config: "profiles: [", says: "The configuration cannot be read"},
		{config: "profiles: {local: {warn-expiry: soon}}", says: `The warn-expiry "soon" (profile local) is not a duration`},
		{config: "profiles: {local: {warn-expiry: 0s}}", says: `The warn-expiry "0s" (profile local) is not a duration`},
		{config: "current: nowhere", says: `The profile "nowhere" (config.yaml) is not there; there is local`},
		{env: []string{"APIKEY_TIMEOUT", "0s"}, says: `The timeout "0s" (APIKEY_TIMEOUT) is not a duration`},
		{env: []string{"APIKEY_KEYRING_TIMEOUT", "-1s"}, says: "(APIKEY_KEYRING_TIMEOUT)"},
		{env: []string{"APIKEY_ACCESSIBLE", "maybe"}, says: "neither true nor false"},
		{args: []string{"-p", "A"}, says: "is not a profile name"},
		{args: []string{"-p", strings.Repeat("a", 33)}, says: "is not a profile name"},
	} {
		_, err := newHome(t, test.config, test.env...).load(t, test.args...)
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

func TestCI(t *testing.T) {
	for value, want := range map[string]bool{"": false, "false": false, "true": true, "1": true, "0": true, "yes": true} {
		s, err := newHome(t, "", "CI", value).load(t)
		if err != nil || s.CI != want {
			t.Errorf("CI=%q: %v, %v", value, s.CI, err)
		}
	}
}

func TestFindDirs(t *testing.T) {
	for _, test := range []struct {
		name, goos   string
		env          map[string]string
		config, data string
	}{
		{"linux", "linux", map[string]string{"HOME": "/home/ada"}, "/home/ada/.config/apikey", "/home/ada/.local/share/apikey"},
		{"macOS", "darwin", map[string]string{"HOME": "/Users/ada"}, "/Users/ada/.config/apikey", "/Users/ada/.local/share/apikey"},
		{"XDG", "linux", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"}, "/c/apikey", "/d/apikey"},
		{"XDG relative", "linux", map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "d"}, "/h/.config/apikey", "/h/.local/share/apikey"},
		{"own", "linux", map[string]string{"HOME": "/h", "APIKEY_CONFIG_DIR": "/c", "APIKEY_DATA_DIR": "/d"}, "/c", "/d"},
		{"own without a home", "linux", map[string]string{"APIKEY_CONFIG_DIR": "/c", "APIKEY_DATA_DIR": "/d"}, "/c", "/d"},
		{"windows", "windows", map[string]string{"AppData": "/roaming", "LocalAppData": "/local"}, "/roaming/apikey", "/local/apikey"},
	} {
		d, err := profile.FindDirs(func(name string) string { return test.env[name] }, test.goos)
		if err != nil || d.Config != test.config || d.Data != test.data {
			t.Errorf("%s: %+v, %v", test.name, d, err)
		}
	}
	if _, err := profile.FindDirs(func(string) string { return "" }, "linux"); keyapi.CodeOf(err) != keyapi.CodeUsage {
		t.Errorf("without a home: %v", err)
	}
}

func TestSet_KeepsCommentsAndOrder(t *testing.T) {
	for _, test := range []struct{ name, before, after string }{
		{"new file", "", "profiles:\n  local:\n    store: file\n"},
		{
			"with comments", "# mine\ncurrent: local # the usual one\nprofiles:\n  # the first\n  local:\n    output: json # for scripts\n",
			"# mine\ncurrent: local # the usual one\nprofiles:\n  # the first\n  local:\n    output: json # for scripts\n    store: file\n",
		},
		{"replaces", "profiles:\n  local:\n    store: none # for now\n", "profiles:\n  local:\n    store: file # for now\n"},
		{"empty profile", "profiles:\n  local:\n", "profiles:\n  local:\n    store: file\n"},
	} {
		h := newHome(t, test.before)
		if err := profile.Set(h.dir, "local", "store", "file"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		got, err := os.ReadFile(filepath.Join(h.dir, "config.yaml"))
		if err != nil || string(got) != test.after {
			t.Errorf("%s: %v\n%s", test.name, err, got)
		}
		if s, err := h.load(t); err != nil || s.Store != "file" {
			t.Errorf("%s: the tool reads %q, %v", test.name, s.Store, err)
		}
	}
}

func TestSet_RefusesWhatItDoesNotUnderstand_AndLeavesItAlone(t *testing.T) {
	for _, config := range []string{"profiles: [a]\n", "- a\n", "profiles:\n  local: text\n", "a: [\n"} {
		h := newHome(t, config)
		if err := profile.Set(h.dir, "local", "store", "file"); err == nil {
			t.Errorf("%q was changed", config)
		}
		if got, err := os.ReadFile(filepath.Join(h.dir, "config.yaml")); err != nil || string(got) != config {
			t.Errorf("%q became %q, %v", config, got, err)
		}
	}
}

func TestSet_FollowsALink(t *testing.T) {
	h := newHome(t, "")
	real := filepath.Join(t.TempDir(), "dotfiles.yaml")
	if err := os.WriteFile(real, []byte("current: local\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(h.dir, "config.yaml")
	if err := os.Symlink(real, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := profile.Set(h.dir, "local", "store", "file"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if s, err := h.load(t); err != nil || s.Store != "file" {
		t.Errorf("store %q, %v", s.Store, err)
	}
}

func TestServer_AndWhetherItWasNamed(t *testing.T) {
	config := "current: sandbox\nprofiles:\n  sandbox: {server: https://sandbox.example, login: ada, ca-file: /ca.pem}\n"
	for _, test := range []struct {
		env    []string
		args   []string
		server string
		named  bool
		chosen bool
	}{
		{nil, nil, "https://sandbox.example", false, false},
		{nil, []string{"-p", "sandbox"}, "https://sandbox.example", true, true},
		{[]string{"APIKEY_PROFILE", "sandbox"}, nil, "https://sandbox.example", true, true},
		{[]string{"APIKEY_SERVER", "https://env.example"}, nil, "https://env.example", true, false},
		{nil, []string{"--server", "https://flag.example"}, "https://flag.example", true, false},
		{[]string{"APIKEY_SERVER", "https://env.example"}, []string{"--server", "https://flag.example"}, "https://flag.example", true, false},
		{nil, []string{"-p", "local"}, "", false, true},
	} {
		s, err := newHome(t, config, test.env...).load(t, test.args...)
		if err != nil || s.Server != test.server || s.ServerNamed() != test.named || s.ProfileChosen() != test.chosen {
			t.Errorf("%v %v: %q named %v, profile chosen %v, %v", test.env, test.args, s.Server, s.ServerNamed(), s.ProfileChosen(), err)
		}
	}
	s, err := newHome(t, config).load(t)
	if err != nil || s.Login != "ada" || s.CAFile != "/ca.pem" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestValues_AllWithTheirSource(t *testing.T) {
	s, err := newHome(t, "profiles:\n  local:\n    output: json\n", "APIKEY_TIMEOUT", "6s").load(t)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range s.Values() {
		got[v.Name] = v.Text + " " + s.Source(v.Name)
	}
	for name, want := range map[string]string{
		"output": "json profile local", "timeout": "6s APIKEY_TIMEOUT", "store": "auto default", "server": " default",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestLoadNew_TakesAProfileThatIsNotThere(t *testing.T) {
	h := newHome(t, "current: nowhere\n")
	if _, err := h.load(t); keyapi.CodeOf(err) != keyapi.CodeUsage {
		t.Errorf("got %v", err)
	}
	h.mayBeNew = true
	if s, err := h.load(t); err != nil || !s.New || s.Profile != "nowhere" || s.Server != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := h.load(t, "-p", "local"); err != nil || s.New {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestProfiles_AreAddedMadeCurrentAndRemoved_AndCommentsStay(t *testing.T) {
	h := newHome(t, "# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\n")
	read := func() string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(h.dir, "config.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	steps := []struct {
		name string
		do   func() error
		want string
	}{
		{
			"add", func() error {
				return profile.Write(h.dir, "sandbox", profile.Value{Name: "server", Text: "https://sandbox.example"}, profile.Value{Name: "login"})
			},
			"# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\n  sandbox:\n    server: https://sandbox.example\n",
		},
		{
			"make current", func() error { return profile.SetCurrent(h.dir, "sandbox") },
			"# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\n  sandbox:\n    server: https://sandbox.example\ncurrent: sandbox\n",
		},
		{
			"remove the current one", func() error { return profile.Remove(h.dir, "sandbox") },
			"# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\n",
		},
		{
			"make another current", func() error { return profile.SetCurrent(h.dir, "work") },
			"# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\ncurrent: work\n",
		},
		{
			"remove one that is not there", func() error { return profile.Remove(h.dir, "sandbox") },
			"# mine\nprofiles:\n  # for work\n  work: {server: 'https://work.example'} # slow\ncurrent: work\n",
		},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := read(); got != step.want {
			t.Fatalf("%s:\n%s", step.name, got)
		}
	}
	list, err := profile.List(h.dir)
	if err != nil || len(list) != 2 || list[0] != (profile.Entry{Name: "local"}) ||
		list[1] != (profile.Entry{Name: "work", Current: true, Server: "https://work.example"}) {
		t.Errorf("%+v, %v", list, err)
	}
	if _, found, err := profile.Find(h.dir, "sandbox"); err != nil || found {
		t.Errorf("found %v, %v", found, err)
	}
	if e, found, err := profile.Find(h.dir, "work"); err != nil || !found || !e.Current {
		t.Errorf("%+v, found %v, %v", e, found, err)
	}
}

package daemon_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/daemon"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// load settles the settings of a serve with arguments, variables and a file ("" = none).
func load(t *testing.T, args []string, env map[string]string, file string) (daemon.Config, error) {
	t.Helper()
	getenv := func(name string) string {
		if name == "HOME" && env[name] == "" {
			return "/home/ada"
		}
		return env[name]
	}
	if file != "" {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	root := daemon.New(&daemon.Env{IO: &term.IO{}, Getenv: getenv, GOOS: "linux"})
	serve, _, err := root.Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	var config daemon.Config
	serve.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		config, err = daemon.Load(cmd.Flags(), getenv, "linux")
		return err
	}
	root.SetArgs(append([]string{"serve"}, args...))
	err = root.ExecuteContext(context.Background())
	return config, err
}

// TestLoad_Precedence: a flag comes before a variable, a variable before the file, the file before the default.
func TestLoad_Precedence(t *testing.T) {
	const file = "listen: 127.0.0.1:3\nmfa: optional\nbehind-proxy: true\n"
	for _, c := range []struct {
		name string
		args []string
		env  map[string]string
		file string
		want string
	}{
		{"default", nil, nil, "", "127.0.0.1:8750"},
		{"file", nil, nil, file, "127.0.0.1:3"},
		{"variable", nil, map[string]string{"APIKEYD_LISTEN": "127.0.0.1:2"}, file, "127.0.0.1:2"},
		{"flag", []string{"--listen", "127.0.0.1:1"}, map[string]string{"APIKEYD_LISTEN": "127.0.0.1:2"}, file, "127.0.0.1:1"},
		{"flag with the default's value", []string{"--listen", "127.0.0.1:8750"}, nil, file, "127.0.0.1:8750"},
	} {
		config, err := load(t, c.args, c.env, c.file)
		if err != nil || config.Listen != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, config.Listen, err, c.want)
		}
	}
}

func TestLoad_EverySettingFromEverySource(t *testing.T) {
	values := []struct {
		name, value string
		got         func(daemon.Config) bool
	}{
		{"data", "/srv/keys", func(c daemon.Config) bool { return c.Data == "/srv/keys" }},
		{"database", "postgres://db.example.com/keys", func(c daemon.Config) bool { return c.Database == "postgres://db.example.com/keys" }},
		{"output", "json", func(c daemon.Config) bool { return c.JSON }},
		{"listen", "127.0.0.1:1", func(c daemon.Config) bool { return c.Listen == "127.0.0.1:1" }},
		{"issuer", "https://key.example.com/a", func(c daemon.Config) bool { return c.Issuer == "https://key.example.com/a" }},
		{"tls-cert", "cert.pem", func(c daemon.Config) bool { return c.TLSCert == "cert.pem" }},
		{"tls-key", "key.pem", func(c daemon.Config) bool { return c.TLSKey == "key.pem" }},
		{"metrics-listen", "127.0.0.1:9", func(c daemon.Config) bool { return c.MetricsListen == "127.0.0.1:9" }},
		{"behind-proxy", "true", func(c daemon.Config) bool { return c.BehindProxy }},
		{"trusted-proxies", "10.0.0.0/8,192.0.2.1", func(c daemon.Config) bool {
			return len(c.TrustedProxies) == 2 && c.TrustedProxies[1].String() == "192.0.2.1/32"
		}},
		{"mfa", "optional", func(c daemon.Config) bool { return !c.MFARequired }},
		{"contact", "ask Ada", func(c daemon.Config) bool { return c.Contact == "ask Ada" }},
		{"smtp", "smtp://mail.example.com", func(c daemon.Config) bool { return c.SMTP == "smtp://mail.example.com" }},
		{"smtp-password-file", "/p", func(c daemon.Config) bool { return c.SMTPPasswordFile == "/p" }},
		{"smtp-ca-file", "/c", func(c daemon.Config) bool { return c.SMTPCAFile == "/c" }},
		{"mail-from", "a@example.com", func(c daemon.Config) bool { return c.MailFrom == "a@example.com" }},
		{"mail-templates", "/t", func(c daemon.Config) bool { return c.MailTemplates == "/t" }},
		{"log-level", "debug", func(c daemon.Config) bool { return c.LogLevel == slog.LevelDebug }},
	}
	var args, lines []string
	env := map[string]string{}
	for _, v := range values {
		args = append(args, "--"+v.name+"="+v.value)
		env["APIKEYD_"+strings.ToUpper(strings.ReplaceAll(v.name, "-", "_"))] = v.value
		lines = append(lines, v.name+": "+v.value+"\n")
	}
	none, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for source, load := range map[string]func() (daemon.Config, error){
		"flags":     func() (daemon.Config, error) { return load(t, args, nil, "") },
		"variables": func() (daemon.Config, error) { return load(t, nil, env, "") },
		"file":      func() (daemon.Config, error) { return load(t, nil, nil, strings.Join(lines, "")) },
	} {
		config, err := load()
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		for _, v := range values {
			if v.got(none) {
				t.Errorf("%s has the value of the test by default", v.name)
			}
			if !v.got(config) {
				t.Errorf("%s does not come from the %s: %+v", v.name, source, config)
			}
		}
	}
}

func TestLoad_Defaults(t *testing.T) {
	config, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if config.Data != "/home/ada/.local/share/apikeyd" || !config.MFARequired || config.BehindProxy || config.MetricsListen != "" ||
		config.TrustedProxies != nil || config.LogLevel != slog.LevelInfo {
		t.Errorf("%+v", config)
	}
}

func TestLoad_AListInTheFile(t *testing.T) {
	config, err := load(t, nil, nil, "behind-proxy: true\ntrusted-proxies:\n  - 10.0.0.0/8\n  - 192.0.2.0/24\n")
	if err != nil || len(config.TrustedProxies) != 2 {
		t.Errorf("%v, %v", config.TrustedProxies, err)
	}
}

func TestLoad_ConfigFromTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("contact: ask Ada\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := load(t, nil, map[string]string{"APIKEYD_CONFIG": path}, "")
	if err != nil || config.Contact != "ask Ada" {
		t.Errorf("%q, %v", config.Contact, err)
	}
}

// TestLoad_ADatabaseThatIsNone_IsNotRepeated: it may hold a password.
func TestLoad_ADatabaseThatIsNone_IsNotRepeated(t *testing.T) {
	for _, value := range []string{"mysql://ada:hunter2@db/keys", "ada:hunter2@db", "host=db password=hunter2"} {
		_, err := load(t, nil, map[string]string{"APIKEYD_DATABASE": value}, "")
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), "APIKEYD_DATABASE") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
}

// TestLoad_Refusals: each says what is wrong and where it came from.
func TestLoad_Refusals(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		file string
		text string
	}{
		"unknown name in the file":  {nil, nil, "lisen: 127.0.0.1:1\n", `unknown setting "lisen"`},
		"nested name in the file":   {nil, nil, "serve:\n  listen: 127.0.0.1:1\n", `unknown setting "serve"`},
		"a file that is no YAML":    {nil, nil, "listen: [\n", "configuration cannot be read"},
		"a file that is not there":  {[]string{"--config", "/nowhere/config.yaml"}, nil, "", "configuration cannot be read"},
		"mfa":                       {[]string{"--mfa", "off"}, nil, "", `"off" (--mfa) is not one of required, optional`},
		"mfa by variable":           {nil, map[string]string{"APIKEYD_MFA": "off"}, "", `"off" (APIKEYD_MFA)`},
		"log level":                 {nil, nil, "log-level: loud\n", `"loud"`},
		"output":                    {[]string{"-o", "xml"}, nil, "", "is not one of table, json"},
		"behind-proxy":              {nil, map[string]string{"APIKEYD_BEHIND_PROXY": "perhaps"}, "", "neither true nor false"},
		"certificate without key":   {[]string{"--tls-cert", "a"}, nil, "", "Only one of"},
		"key without certificate":   {nil, nil, "tls-key: a\n", "Only one of"},
		"proxies without a proxy":   {[]string{"--trusted-proxies", "10.0.0.0/8"}, nil, "", "without --behind-proxy"},
		"a network that is none":    {[]string{"--behind-proxy", "--trusted-proxies", "everybody"}, nil, "", "is none"},
		"issuer with a slash":       {[]string{"--issuer", "https://key.example.com/"}, nil, "", "is not a URL"},
		"issuer with a query":       {[]string{"--issuer", "https://key.example.com?a"}, nil, "", "is not a URL"},
		"issuer without a scheme":   {[]string{"--issuer", "key.example.com"}, nil, "", "is not a URL"},
		"issuer with a password":    {[]string{"--issuer", "https://a:b@key.example.com"}, nil, "", "is not a URL"},
		"issuer of another scheme":  {[]string{"--issuer", "ftp://key.example.com"}, nil, "", "is not a URL"},
		"issuer without a host":     {[]string{"--issuer", "https:///a"}, nil, "", "is not a URL"},
		"issuer with control bytes": {[]string{"--issuer", "https://key.example.com/\x00"}, nil, "", "is not a URL"},
	} {
		_, err := load(t, c.args, c.env, c.file)
		var known *keyapi.Error
		if !errors.As(err, &known) || known.Code != keyapi.CodeUsage || !strings.Contains(known.Error(), c.text) {
			t.Errorf("%s: error %v, want %s with %q", name, err, keyapi.CodeUsage, c.text)
		}
	}
}

package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// setting is one of the things an operator can settle: by its flag, its variable, its name in the file of --config, or
// not at all.
type setting struct {
	name, fallback, usage string
	everywhere            bool // a flag of every command, not of serve alone
	boolean               bool
	values                []string // the allowed ones; nil = any
}

var settings = []setting{
	{name: "data", everywhere: true, usage: "`folder` of the service (default: apikeyd in your data folder)"},
	{name: "database", everywhere: true, usage: "`address` of a PostgreSQL that has the database; the folder then has only master.key. " +
		"A password is safer in " + variable("database") + " or PGPASSWORD"},
	{name: "output", fallback: "table", everywhere: true, usage: "`form` of the result: table or json", values: []string{"table", "json"}},
	{name: "listen", fallback: "127.0.0.1:8750", usage: "`address` to listen on; port 0 = any that is free"},
	{name: "issuer", usage: "`URL` people reach the service under (default: where it listens)"},
	{name: "tls-cert", usage: "`file` with the certificate chain, PEM; read again when it changes"},
	{name: "tls-key", usage: "`file` with the certificate's private key, PEM"},
	{name: "metrics-listen", usage: "`address` to serve /metrics on (default: nowhere)"},
	{name: "behind-proxy", fallback: "false", boolean: true, usage: "a proxy in front speaks TLS: plain HTTP beyond loopback is all right"},
	{name: "trusted-proxies", usage: "`networks` whose X-Forwarded-For counts, comma-separated CIDRs"},
	{name: "mfa", fallback: "required", usage: "`rule`: multi-factor authentication is required for a working key, or optional", values: []string{"required", "optional"}},
	{name: "contact", usage: "`text` that says whom to ask, where only an operator can help"},
	{name: "smtp", usage: "`address` of the mail server people are told by, smtp://user@host:587 or smtps://…; without it nobody is"},
	{name: "smtp-password-file", usage: "`file` with the password for the mail server"},
	{name: "smtp-ca-file", usage: "trust the certificate authorities in this PEM `file` too, for the mail server"},
	{name: "mail-from", usage: "`address` that mails come from"},
	{name: "mail-templates", usage: "`folder` with texts of mails that replace the built-in ones"},
	{name: "cached-keys", fallback: "1048576", usage: "`number` of keys whose state is kept in memory, some 110 bytes each; 0 = none"},
	{name: "drain", fallback: "0s", usage: "`time` to serve on when it is told to end, while /readyz says 503"},
	{name: "log-level", fallback: "info", usage: "`level` of the log: debug, info, warn or error", values: []string{"debug", "info", "warn", "error"}},
}

// maxCachedKeys is far more than a machine has room for, and a number the table of keys can count to.
const maxCachedKeys = 1 << 30

// variable gives the environment variable of a setting.
func (s setting) variable() string { return variable(s.name) }

func variable(name string) string {
	return "APIKEYD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// addFlag makes the flag of a setting.
func (s setting) addFlag(cmd *cobra.Command, f *pflag.FlagSet) {
	shorthand := ""
	if s.name == "output" {
		shorthand = "o"
	}
	if s.boolean {
		f.BoolP(s.name, shorthand, s.fallback == "true", s.usage)
		return
	}
	f.StringP(s.name, shorthand, s.fallback, s.usage)
	if s.values != nil {
		complete(cmd, s.name, s.values...)
	}
}

func addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.String("config", "", "YAML `file` with settings, named as the flags are")
	for _, s := range settings {
		if s.everywhere {
			s.addFlag(root, f)
		}
	}
}

// Config is what the settings come to.
type Config struct {
	Data           string
	Database       string // address of a PostgreSQL, perhaps with a password; "" = the database is in the folder
	JSON           bool
	Listen         string
	Issuer         string // "" = not set
	TLSCert        string // "" = plain HTTP
	TLSKey         string
	MetricsListen  string // "" = nowhere
	BehindProxy    bool
	TrustedProxies []netip.Prefix
	MFARequired    bool
	Contact        string
	CachedKeys     int
	Drain          time.Duration
	LogLevel       slog.Level

	SMTP             string // address of the mail server; "" = no mails
	SMTPPasswordFile string // "" = none
	SMTPCAFile       string // "" = the system's authorities
	MailFrom         string
	MailTemplates    string // "" = the built-in texts

	sources map[string]string // what gave each setting its value
}

// Place gives where the service is kept.
func (c Config) Place() datadir.Place { return datadir.Place{Dir: c.Data, Database: c.Database} }

// Load settles the settings: flag before environment before file before default. flags are those of the command; goos is
// the operating system. Error: CodeUsage for a value that is none, naming where it came from, and for a name in the file
// that is no setting.
func Load(flags *pflag.FlagSet, getenv func(string) string, goos string) (Config, error) {
	c := Config{sources: map[string]string{}}
	path := getenv(variable("config"))
	if f := flags.Lookup("config"); f != nil && f.Changed {
		path = f.Value.String()
	}
	file, err := readFile(path)
	if err != nil {
		return c, err
	}
	v, err := c.layer(flags, getenv, file, path)
	if err != nil {
		return c, err
	}
	return c, c.parse(v, getenv, goos)
}

// readFile reads the file of --config; without a path it is an empty one.
func readFile(path string) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	v := viper.New()
	v.SetConfigFile(path)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return nil, &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "The configuration cannot be read", Err: err, Hint: "Mend " + path + ".",
		}
	}
	content := v.AllSettings()
	for name, value := range content {
		// A typing error would pass for a setting that was made.
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.name == name }) {
			return nil, keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("%s has an unknown setting %q", path, name), "Mend "+path+".")
		}
		content[name] = text(value)
	}
	return content, nil
}

// text gives a value of the file as its flag has it: a list with commas.
func text(value any) string {
	list, isList := value.([]any)
	if !isList {
		return fmt.Sprint(value)
	}
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, ",")
}

// layer puts default, file, environment and flag on top of each other. The environment is laid as a second file over the
// first, because viper's own binding reads the process's environment behind the caller's back.
func (c *Config) layer(flags *pflag.FlagSet, getenv func(string) string, file map[string]any, path string) (*viper.Viper, error) {
	v := viper.New()
	env := map[string]any{}
	for _, s := range settings {
		v.SetDefault(s.name, s.fallback)
		c.sources[s.name] = "default"
		if _, given := file[s.name]; given {
			c.sources[s.name] = path
		}
		if value := getenv(s.variable()); value != "" {
			env[s.name], c.sources[s.name] = value, s.variable()
		}
		if f := flags.Lookup(s.name); f != nil && f.Changed {
			c.sources[s.name] = "--" + s.name
			if err := v.BindPFlag(s.name, f); err != nil {
				return nil, err
			}
		}
	}
	return v, errors.Join(v.MergeConfigMap(file), v.MergeConfigMap(env))
}

func (c *Config) parse(v *viper.Viper, getenv func(string) string, goos string) (err error) {
	for _, s := range settings {
		if value := v.GetString(s.name); s.values != nil && !slices.Contains(s.values, value) {
			return c.wrong(s.name, value, "is not one of "+strings.Join(s.values, ", "))
		}
	}
	c.Data, c.Listen, c.Issuer, c.Contact = v.GetString("data"), v.GetString("listen"), v.GetString("issuer"), v.GetString("contact")
	c.Database = v.GetString("database")
	c.TLSCert, c.TLSKey, c.MetricsListen = v.GetString("tls-cert"), v.GetString("tls-key"), v.GetString("metrics-listen")
	c.SMTP, c.SMTPPasswordFile, c.SMTPCAFile = v.GetString("smtp"), v.GetString("smtp-password-file"), v.GetString("smtp-ca-file")
	c.MailFrom, c.MailTemplates = v.GetString("mail-from"), v.GetString("mail-templates")
	c.JSON, c.MFARequired = v.GetString("output") == "json", v.GetString("mfa") == "required"
	if c.BehindProxy, err = strconv.ParseBool(v.GetString("behind-proxy")); err != nil {
		return c.wrong("behind-proxy", v.GetString("behind-proxy"), "is neither true nor false")
	}
	if c.CachedKeys, err = strconv.Atoi(v.GetString("cached-keys")); err != nil || c.CachedKeys < 0 || c.CachedKeys > maxCachedKeys {
		return c.wrong("cached-keys", v.GetString("cached-keys"), fmt.Sprintf("is no number from 0 to %d", maxCachedKeys))
	}
	if c.Drain, err = time.ParseDuration(v.GetString("drain")); err != nil || c.Drain < 0 {
		return c.wrong("drain", v.GetString("drain"), "is no time such as 5s")
	}
	if err := c.LogLevel.UnmarshalText([]byte(v.GetString("log-level"))); err != nil {
		return err
	}
	if text := v.GetString("trusted-proxies"); text != "" {
		if c.TrustedProxies, err = serving.ParseNetworks(strings.Split(text, ",")); err != nil {
			return err
		}
	}
	if c.Data == "" {
		if c.Data, err = datadir.Default(getenv, goos); err != nil {
			return err
		}
	}
	return c.consistent()
}

// consistent refuses settings that contradict each other.
func (c *Config) consistent() error {
	if c.Database != "" && !datadir.IsAddress(c.Database) {
		// What was given is not repeated: it may hold a password.
		return keyapi.Errorf(keyapi.CodeUsage, "The database ("+c.sources["database"]+") is not the address of a PostgreSQL",
			"Give it as postgres://user@host:port/name, or name a folder with --data.")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return keyapi.Errorf(keyapi.CodeUsage, "Only one of --tls-cert and --tls-key is given", "Give both, or neither.")
	}
	if c.TrustedProxies != nil && !c.BehindProxy {
		return keyapi.Errorf(keyapi.CodeUsage, "--trusted-proxies is given without --behind-proxy", "Give both, or neither.")
	}
	if (c.SMTP == "") != (c.MailFrom == "") {
		return keyapi.Errorf(keyapi.CodeUsage, "Only one of --smtp and --mail-from is given", "Give both, or neither.")
	}
	if c.SMTP == "" && c.SMTPPasswordFile+c.SMTPCAFile+c.MailTemplates != "" {
		return keyapi.Errorf(keyapi.CodeUsage, "There are settings of mails, but no --smtp", "Give the address of a mail server too.")
	}
	if c.Issuer == "" {
		return nil
	}
	// RFC 8414, section 2: a URL without query and fragment. Its tokens carry it as it is written.
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		strings.HasSuffix(c.Issuer, "/") {
		return c.wrong("issuer", c.Issuer, "is not a URL such as https://key.example.com, without a slash at its end")
	}
	return nil
}

func (c *Config) wrong(name, value, why string) error {
	return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("The %s %q (%s) %s", name, value, c.sources[name], why), "See: apikeyd serve --help")
}

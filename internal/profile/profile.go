// Package profile settles the settings of one run: flag before environment before profile before default, and which of
// them gave each value. A profile is a named part of config.yaml, one per environment of the registry; "local", the
// embedded service, is built in.
//
// No secret may enter: sessions and keys are never settings.
package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Local is the name of the built-in profile.
const Local = "local"

// off is the value that switches warn-expiry off.
const off = "off"

// fileName is the file in the config folder.
const fileName = "config.yaml"

// setting is one of the things a user can settle: its environment variable and its flag, if it has them, and its
// default.
type setting struct {
	name, env, fallback string
	flag                bool
	remote              bool     // of a key service: not one of the profile local
	list                bool     // a list of texts, in the profile only
	values              []string // the allowed ones; nil = any
}

var settings = []setting{
	{name: "server", env: "APIKEY_SERVER", flag: true, remote: true},
	{name: "token-url", remote: true},
	{name: "login", remote: true},
	{name: "ca-file", flag: true, remote: true},
	{name: "output", env: "APIKEY_OUTPUT", fallback: "table", flag: true},
	{name: "timeout", env: "APIKEY_TIMEOUT", fallback: "30s", flag: true},
	{name: "no-input", env: "APIKEY_NO_INPUT", fallback: "false", flag: true},
	{name: "accessible", env: "APIKEY_ACCESSIBLE", fallback: "false", flag: true},
	{name: "store", env: "APIKEY_STORE", fallback: "auto", values: Stores()},
	{name: "store-command", list: true},
	{name: "passphrase-file", env: "APIKEY_PASSPHRASE_FILE"},
	{name: "keyring-timeout", env: "APIKEY_KEYRING_TIMEOUT"},
	{name: "warn-expiry", fallback: "30d"},
}

// Stores gives the values of the setting store.
func Stores() []string { return []string{"auto", "keyring", "file", "sealed", "command", "none"} }

// Settings are the settled settings of one run.
type Settings struct {
	Dirs
	Profile        string
	New            bool   // the profile is not there yet; see LoadNew
	Server         string // "" = the embedded service
	TokenURL       string // of a service without a key API, whose profile it is; "" = it has one, or Server is another
	Login          string // who the profile is signed in as; "" = nobody yet
	CAFile         string // certificate authorities of the server beside the system's; "" = none
	Output         string
	Timeout        time.Duration // of the network
	NoInput        bool
	Accessible     bool
	CI             bool
	Store          string
	StoreCommand   []string      // the helper of the store command and its arguments; empty = none
	PassphraseFile string        // of the sealed store; "" = a person is asked
	KeyringTimeout time.Duration // 0 = not set
	WarnExpiry     time.Duration // how long before its end a person is warned of the key's; 0 = never

	sources map[string]string
	texts   map[string]string
}

// Value is the text of a setting, "" if it has none.
type Value struct{ Name, Text string }

// Values lists every setting as it was settled, in the order of the documentation.
func (s Settings) Values() []Value {
	list := make([]Value, len(settings))
	for i, set := range settings {
		list[i] = Value{set.name, s.texts[set.name]}
	}
	return list
}

// Source tells what gave a setting its value: a flag, a variable, the profile, or "default". The setting "profile" is
// the choice of the profile itself.
func (s Settings) Source(name string) string { return s.sources[name] }

// ProfileChosen tells whether the command line or the environment names the profile.
func (s Settings) ProfileChosen() bool {
	return s.sources["profile"] == fromFlag || s.sources["profile"] == fromEnv
}

// ServerNamed tells whether the user named the server for this run: by flag, by variable, or through a profile that
// was itself named. What merely is the current profile may be somebody's last week's work.
func (s Settings) ServerNamed() bool {
	return s.Server != "" && (s.ProfileChosen() || s.sources["server"] != "profile "+s.Profile)
}

// Load settles the settings. flags are the global flags of the command line; goos is the operating system. Errors:
// CodeUsage for a value that is none, naming where it came from, and for a profile that is not there.
func Load(flags *pflag.FlagSet, getenv func(string) string, goos string) (Settings, error) {
	s, err := LoadNew(flags, getenv, goos)
	if err == nil && s.New {
		names, err := Names(s.Config)
		if err != nil {
			return s, err
		}
		return s, s.usage("profile", s.Profile, "is not there; there is "+strings.Join(names, ", "))
	}
	return s, err
}

// LoadNew is Load for the commands that make, mend or replace profiles: one that is not there counts as empty.
func LoadNew(flags *pflag.FlagSet, getenv func(string) string, goos string) (Settings, error) {
	dirs, err := FindDirs(getenv, goos)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{Dirs: dirs, sources: map[string]string{}, texts: map[string]string{}}
	file, err := readConfig(dirs.Config)
	if err != nil {
		return s, err
	}
	if err := s.choose(flags, getenv, file); err != nil {
		return s, err
	}
	v, err := s.layer(flags, getenv, file)
	if err != nil {
		return s, err
	}
	return s, s.parse(v, getenv)
}

// readConfig reads config.yaml; a file that is not there is an empty one.
func readConfig(dir string) (*viper.Viper, error) {
	v := viper.New()
	path := filepath.Join(dir, fileName)
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "The configuration cannot be read", Err: err, Hint: "Mend " + path + " or remove it.",
		}
	}
	return v, nil
}

// The sources of a profile that a user chose for this run.
const (
	fromFlag = "--profile"
	fromEnv  = "APIKEY_PROFILE"
)

// nameCharacters are those of a profile's name; it has 1 to 32 of them.
const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// ValidName tells whether a text can name a profile.
func ValidName(name string) bool {
	return name != "" && len(name) <= 32 && strings.Trim(name, nameCharacters) == ""
}

// choose settles which profile is used.
func (s *Settings) choose(flags *pflag.FlagSet, getenv func(string) string, file *viper.Viper) error {
	s.Profile, s.sources["profile"] = Local, "default"
	if name := currentIn(file); name != Local {
		s.Profile, s.sources["profile"] = name, fileName
	}
	if name := getenv("APIKEY_PROFILE"); name != "" {
		s.Profile, s.sources["profile"] = name, fromEnv
	}
	if f := flags.Lookup("profile"); f != nil && f.Changed {
		s.Profile, s.sources["profile"] = f.Value.String(), fromFlag
	}
	if !ValidName(s.Profile) {
		return s.usage("profile", s.Profile, "is not a profile name: 1 to 32 of a-z, 0-9 and -")
	}
	s.New = !slices.Contains(namesIn(file), s.Profile)
	return nil
}

// Names lists the profiles of a config folder, sorted, "local" included. It is what shell completion offers.
func Names(dir string) ([]string, error) {
	file, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	return namesIn(file), nil
}

func namesIn(file *viper.Viper) []string {
	names := []string{Local}
	for name := range file.GetStringMap("profiles") {
		if name != Local {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// layer puts default, profile, environment and flag on top of each other. The environment is laid as a second config
// over the profile's, because viper's own binding reads the process's environment behind the caller's back.
func (s *Settings) layer(flags *pflag.FlagSet, getenv func(string) string, file *viper.Viper) (*viper.Viper, error) {
	v := viper.New()
	fromProfile := file.GetStringMap("profiles." + s.Profile)
	if err := s.known(fromProfile); err != nil {
		return nil, err
	}
	env := map[string]any{}
	for _, set := range settings {
		v.SetDefault(set.name, set.fallback)
		s.sources[set.name] = "default"
		if _, given := fromProfile[set.name]; given {
			s.sources[set.name] = "profile " + s.Profile
		}
		if set.env != "" && getenv(set.env) != "" {
			env[set.name], s.sources[set.name] = getenv(set.env), set.env
		}
		if f := flags.Lookup(set.name); set.flag && f != nil && f.Changed {
			s.sources[set.name] = "--" + set.name
			if err := v.BindPFlag(set.name, f); err != nil {
				return nil, err
			}
		}
	}
	return v, errors.Join(v.MergeConfigMap(fromProfile), v.MergeConfigMap(env))
}

// known refuses a profile with a name that is no setting: a typing error would pass for a setting that was made. The
// profile local is the embedded service and stays it.
func (s *Settings) known(fromProfile map[string]any) error {
	mend := "Mend " + filepath.Join(s.Config, fileName) + "."
	for name, value := range fromProfile {
		i := slices.IndexFunc(settings, func(set setting) bool { return set.name == name })
		switch {
		case i < 0:
			return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("The profile %s has an unknown setting %q", s.Profile, name), mend)
		case settings[i].remote && s.Profile == Local:
			return keyapi.Errorf(keyapi.CodeUsage,
				fmt.Sprintf("The profile local is the embedded service and can't have the setting %q", name),
				mend+" A key service has a profile of its own: apikey profile add NAME --server URL")
		case settings[i].list && !listed(value):
			return keyapi.Errorf(keyapi.CodeUsage,
				fmt.Sprintf("The setting %q of the profile %s is not a list of texts", name, s.Profile),
				mend+" No shell reads it: "+name+": [program, argument]")
		}
	}
	if fromProfile["server"] != nil && fromProfile["token-url"] != nil {
		return keyapi.Errorf(keyapi.CodeUsage, "The profile "+s.Profile+" has both a server and a token-url",
			mend+" A service with a key API has the one, a service without has the other.")
	}
	return nil
}

// listed tells whether a value is a list of texts that names something.
func listed(value any) bool {
	list, ok := value.([]any)
	return ok && len(list) > 0 && !slices.ContainsFunc(list, func(item any) bool {
		text, ok := item.(string)
		return !ok || text == ""
	})
}

func (s *Settings) parse(v *viper.Viper, getenv func(string) string) (err error) {
	for _, set := range settings {
		if s.texts[set.name] = v.GetString(set.name); set.list {
			s.texts[set.name] = strings.Join(v.GetStringSlice(set.name), " ")
		}
		if value := s.texts[set.name]; set.values != nil && !slices.Contains(set.values, value) {
			return s.usage(set.name, value, "is not one of "+strings.Join(set.values, ", "))
		}
	}
	s.StoreCommand, s.PassphraseFile = v.GetStringSlice("store-command"), v.GetString("passphrase-file")
	s.Login, s.CAFile = v.GetString("login"), v.GetString("ca-file")
	s.Server, s.Output, s.Store = v.GetString("server"), v.GetString("output"), v.GetString("store")
	if s.TokenURL = v.GetString("token-url"); s.Server != "" { // a flag or a variable names another service for this run
		s.TokenURL, s.texts["token-url"] = "", ""
	}
	if s.Timeout, err = s.duration(v, "timeout"); err != nil {
		return err
	}
	if s.KeyringTimeout, err = s.duration(v, "keyring-timeout"); err != nil {
		return err
	}
	if v.GetString("warn-expiry") != off {
		if s.WarnExpiry, err = s.duration(v, "warn-expiry"); err != nil {
			return err
		}
	}
	if s.NoInput, err = s.boolean(v, "no-input"); err != nil {
		return err
	}
	if s.Accessible, err = s.boolean(v, "accessible"); err != nil {
		return err
	}
	ci := getenv("CI")
	s.CI = ci != "" && ci != "false"
	return nil
}

// duration reads a setting that is a length of time above zero; one that is not set is zero.
func (s *Settings) duration(v *viper.Viper, name string) (time.Duration, error) {
	text := v.GetString(name)
	if text == "" {
		return 0, nil
	}
	d, err := duration.Parse(text)
	if err == nil && d == 0 {
		err = errors.New("must be more than nothing")
	}
	if err != nil {
		return 0, s.usage(name, text, "is not a duration such as 30s, 2m or 1d")
	}
	return d, nil
}

func (s *Settings) boolean(v *viper.Viper, name string) (bool, error) {
	text := v.GetString(name)
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, s.usage(name, text, "is neither true nor false")
	}
	return b, nil
}

func (s *Settings) usage(name, value, why string) error {
	return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("The %s %q (%s) %s", name, value, s.sources[name], why),
		"See: apikey help")
}

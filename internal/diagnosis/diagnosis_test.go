package diagnosis_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/diagnosis"
	"github.com/apikey-cli/apikey/internal/duration"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// theSecret is what must be in no finding.
const theSecret = "aks_canary"

// machine is one on which all is well, until a test changes something.
type machine struct {
	now      time.Time
	goos     string
	env      map[string]string
	login    string
	settings profile.Settings
	kept     custody.Kept
	note     diagnosis.SessionNote
	reached  keyapi.Reached
	account  keyapi.Account
	key      keyapi.Key
	fails    map[string]error // by method
	asked    map[string]int
}

const accessKey = "AK0123456789ABCDEFGH"

// wellMachine is at a key service.
func wellMachine(t *testing.T) *machine {
	t.Helper()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	home := t.TempDir()
	for _, dir := range []string{"config", "data"} {
		if err := os.Mkdir(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &machine{
		now: now, goos: "linux", env: map[string]string{}, login: "ada",
		settings: profile.Settings{
			Dirs:    profile.Dirs{Config: filepath.Join(home, "config"), Data: filepath.Join(home, "data")},
			Profile: "prod", Server: "https://keys.example", Store: "file",
		},
		kept:    custody.Kept{AccessKey: accessKey, Store: secretstore.KindFile},
		note:    diagnosis.SessionNote{From: "file", ExpiresAt: now.Add(20 * duration.Day)},
		reached: keyapi.Reached{Status: 200, Dated: true, TLS: "TLS 1.3", Until: now.Add(60 * duration.Day)},
		account: keyapi.Account{Login: "ada", Permitted: true, MFAEnabled: true, MFARequired: true, RecoveryCodesLeft: 10,
			Session: keyapi.SessionInfo{ExpiresAt: now.Add(20 * duration.Day)}},
		key: keyapi.Key{Account: "ada", Status: keyapi.StatusActive, Usable: true, AccessKey: accessKey,
			ExpiresAt: now.Add(200 * duration.Day)},
		fails: map[string]error{}, asked: map[string]int{},
	}
}

func (m *machine) did(what string) error {
	m.asked[what]++
	return m.fails[what]
}

func (m *machine) Now() time.Time                           { return m.now }
func (m *machine) GOOS() string                             { return m.goos }
func (m *machine) Getenv(name string) string                { return m.env[name] }
func (m *machine) Build() string                            { return "apikey test" }
func (m *machine) Login() string                            { return m.login }
func (m *machine) Notes() (diagnosis.SessionNote, error)    { return m.note, m.did("notes") }
func (m *machine) Kept() (custody.Kept, error)              { return m.kept, m.did("kept") }
func (m *machine) Settle() (profile.Settings, error)        { return m.settings, m.did("settle") }
func (m *machine) Connect(context.Context) error            { return m.did("connect") }
func (m *machine) Key(context.Context) (keyapi.Key, error)  { return m.key, m.did("key") }
func (m *machine) Store(secretstore.Kind) secretstore.Store { return store{m} }
func (m *machine) Account(context.Context) (keyapi.Account, error) {
	return m.account, m.did("account")
}

func (m *machine) Reach(context.Context) (keyapi.Reached, error) {
	return m.reached, m.did("reach")
}

func (m *machine) Open(context.Context) (string, keyapi.Secret, error) {
	return m.kept.AccessKey, keyapi.NewSecret(theSecret), m.did("open")
}

func (m *machine) Authenticate(_ context.Context, _ string, s keyapi.Secret) error {
	if s.Reveal() != theSecret {
		return errors.New("another secret")
	}
	return m.did("authenticate")
}

// store is the machine's store, of which only the probe is wanted.
type store struct{ m *machine }

func (s store) Kind() secretstore.Kind                                     { return secretstore.KindFile }
func (s store) Place() string                                              { return "the store" }
func (s store) Probe(context.Context, secretstore.Slot) error              { return s.m.did("probe") }
func (s store) Delete(context.Context, secretstore.Slot) error             { return errors.New("delete") }
func (s store) Put(context.Context, secretstore.Slot, keyapi.Secret) error { return errors.New("put") }
func (s store) Get(context.Context, secretstore.Slot) (keyapi.Secret, error) {
	return keyapi.Secret{}, errors.New("get")
}

// examine gives the findings by their checks, and sees to what is true of all of them.
func examine(t *testing.T, m *machine) map[string]diagnosis.Finding {
	t.Helper()
	by := map[string]diagnosis.Finding{}
	for _, f := range diagnosis.Examine(t.Context(), m) {
		by[f.Check] = f
		if f.Detail == "" || strings.ContainsAny(f.Detail+f.Hint, "\n\t") || strings.Contains(f.Detail+f.Hint, theSecret) {
			t.Errorf("the finding %+v", f)
		}
		if (f.Status == diagnosis.Warn || f.Status == diagnosis.Fail) == (f.Hint == "") {
			t.Errorf("%s is %s (%s) with the hint %q", f.Check, f.Status, f.Detail, f.Hint)
		}
	}
	for what, times := range m.asked {
		if times > 1 {
			t.Errorf("%s was asked %d times", what, times)
		}
	}
	return by
}

func refusal(code keyapi.Code) error { return keyapi.Errorf(code, "it did not work", "Mend it.") }

// TestFindings: what each thing that is not well makes of its check. Every other check stays as it was, unless it needs
// that thing.
func TestFindings(t *testing.T) {
	const others = "" // the checks that are skipped since they need what is not well
	for _, test := range []struct {
		name   string
		change func(*machine)
		check  string
		status diagnosis.Status
		says   string
		skips  string
	}{
		{"all is well", func(*machine) {}, "secret", diagnosis.OK, "the service accepts it", others},
		{"wrong settings", func(m *machine) { m.fails["settle"] = refusal(keyapi.CodeUsage) },
			"config", diagnosis.Fail, "did not work",
			"proxy service tls clock session mfa key secret"},
		{"the service cannot be opened", func(m *machine) { m.fails["connect"] = refusal(keyapi.CodeUsage) },
			"service", diagnosis.Fail,
			"did not work", "proxy tls clock session mfa key secret"},
		{"offline", func(m *machine) { m.fails["reach"] = refusal(keyapi.CodeUnreachable) },
			"service", diagnosis.Fail, "did not work",
			"proxy tls clock session mfa key secret"},
		{"out of order", func(m *machine) { m.reached.Status = 503 }, "service", diagnosis.Fail, "HTTP 503", others},
		{"its certificate ends", func(m *machine) { m.reached.Until = m.now.Add(13 * duration.Day) },
			"tls", diagnosis.Warn, "13 days left", others},
		{"plain http", func(m *machine) { m.reached.TLS = "" }, "tls", diagnosis.Skip, "plain http", others},
		{"clock, at the limit", func(m *machine) { m.reached.Ahead = -30 * time.Second },
			"clock", diagnosis.OK, "within 30s", others},
		{"clock ahead", func(m *machine) { m.reached.Ahead = -31 * time.Second },
			"clock", diagnosis.Warn, "31s ahead of", others},
		{"clock behind", func(m *machine) { m.reached.Ahead = time.Hour },
			"clock", diagnosis.Warn, "1h0m0s behind", others},
		{"clock on another system", func(m *machine) { m.goos, m.reached.Ahead = "darwin", time.Hour },
			"clock", diagnosis.Warn, "behind", others},
		{"no time", func(m *machine) { m.reached.Dated = false }, "clock", diagnosis.Skip, "does not say", others},
		{"a proxy", func(m *machine) { m.reached.Proxy = "http://proxy:3128" },
			"proxy", diagnosis.OK, "http://proxy:3128", others},
		{"a proxy that can't be reached", func(m *machine) {
			m.reached.Proxy, m.fails["reach"] = "http://proxy:3128", refusal(keyapi.CodeUnreachable)
		}, "service", diagnosis.Fail, "did not work", "tls clock session mfa key secret"},
		{"a proxy with a blank", func(m *machine) { m.env["HTTPS_PROXY"] = " http://ada:aks_canary@proxy:1" },
			"proxy", diagnosis.Warn, "HTTPS_PROXY is not", others},
		{"a proxy without a host", func(m *machine) { m.env["https_proxy"] = "http://:1" },
			"proxy", diagnosis.Warn, "https_proxy is not", others},
		{"a proxy of another kind", func(m *machine) { m.env["HTTPS_PROXY"] = "ftp://proxy:1" },
			"proxy", diagnosis.Warn, "HTTPS_PROXY is not", others},
		{"a proxy without a scheme", func(m *machine) { m.env["HTTPS_PROXY"] = "proxy:3128" },
			"proxy", diagnosis.OK, "none", others},
		{"no session", func(m *machine) {
			m.note, m.fails["account"] = diagnosis.SessionNote{}, refusal(keyapi.CodeUnauthenticated)
		},
			"session", diagnosis.Fail, "did not work", "mfa key secret"},
		{"the note is damaged", func(m *machine) { m.fails["notes"] = refusal(keyapi.CodeStoreFailed) },
			"session", diagnosis.Fail, "did not work", others},
		{"the session is over", func(m *machine) { m.fails["account"] = refusal(keyapi.CodeUnauthenticated) },
			"session", diagnosis.Fail,
			"did not work", "mfa key secret"},
		{"the pipeline may not look", func(m *machine) { m.fails["account"] = refusal(keyapi.CodeNotPermitted) },
			"session", diagnosis.Warn,
			"may not look", "mfa key secret"},
		{"the pipeline's session ends", func(m *machine) {
			m.note = diagnosis.SessionNote{From: "APIKEY_SESSION"}
			m.account.Session = keyapi.SessionInfo{Kind: keyapi.SessionPipeline, ExpiresAt: m.now.Add(6 * duration.Day)}
		}, "session", diagnosis.Warn, "given by APIKEY_SESSION", others},
		{"MFA is off", func(m *machine) { m.account.MFAEnabled = false }, "mfa", diagnosis.Fail, "requires it", others},
		{"MFA need not be on", func(m *machine) { m.account.MFAEnabled, m.account.MFARequired = false, false },
			"mfa", diagnosis.OK, "off", others},
		{"few recovery codes", func(m *machine) { m.account.RecoveryCodesLeft = 2 },
			"mfa", diagnosis.Warn, "2 recovery codes", others},
		{"the store hangs", func(m *machine) { m.fails["probe"] = refusal(keyapi.CodeStoreTimeout) },
			"store", diagnosis.Fail, "did not work", others},
		{"no keyring, one is wanted", func(m *machine) {
			m.settings.Store, m.fails["probe"] = "keyring", refusal(keyapi.CodeStoreUnavailable)
		},
			"store", diagnosis.Fail, "did not work", others},
		{"no keyring", func(m *machine) { m.settings.Store, m.fails["probe"] = "auto", refusal(keyapi.CodeStoreUnavailable) },
			"store", diagnosis.Warn, "a script that makes a key is refused", others},
		{"a locked keyring", func(m *machine) {
			m.settings.Store, m.fails["probe"] = "auto", refusal(keyapi.CodeStoreLocked)
		},
			"store", diagnosis.Fail, "did not work", others},
		{"nothing is kept", func(m *machine) { m.settings.Store = "none" }, "store", diagnosis.Skip, "none", others},
		{"the key ends", func(m *machine) { m.key.ExpiresAt = m.now.Add(30 * duration.Day) },
			"key", diagnosis.Warn, "30 days left", others},
		{"the key is disabled", func(m *machine) {
			m.key.Usable, m.key.Status, m.key.BlockedBy = false, keyapi.StatusDisabled, []keyapi.Block{keyapi.BlockDisabled}
			m.fails["authenticate"] = refusal(keyapi.CodeKeyDisabled)
		}, "key", diagnosis.Warn, "disabled", others},
		{"the key is disabled and has expired", func(m *machine) {
			m.key.Usable, m.key.BlockedBy = false, []keyapi.Block{keyapi.BlockDisabled, keyapi.BlockExpired}
		}, "key", diagnosis.Fail, "disabled, expired", others},
		{"the key is not to be had", func(m *machine) { m.fails["key"] = refusal(keyapi.CodeUnavailable) },
			"key", diagnosis.Fail, "did not work", "secret"},
		{"another key", func(m *machine) { m.key.AccessKey = "AK9" },
			"secret", diagnosis.Fail, "but the key is AK9", others},
		{"the secret is gone", func(m *machine) { m.fails["open"] = refusal(keyapi.CodeNoSecret) },
			"secret", diagnosis.Fail, "did not work", others},
		{"the secret is wrong", func(m *machine) { m.fails["authenticate"] = refusal(keyapi.CodeUnauthenticated) },
			"secret", diagnosis.Fail,
			"did not work", others},
		{"no secret", func(m *machine) { m.kept = custody.Kept{} }, "secret", diagnosis.Warn, "is not kept", others},
		{"no secret, and none is wanted", func(m *machine) { m.kept, m.settings.Store = custody.Kept{}, "none" },
			"secret", diagnosis.Skip, "none", "store"},
		{"what is kept can't be told", func(m *machine) { m.fails["kept"] = refusal(keyapi.CodeStoreFailed) },
			"secret", diagnosis.Fail, "did not work", others},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := wellMachine(t)
			test.change(m)
			by := examine(t, m)
			if f := by[test.check]; f.Status != test.status || !strings.Contains(f.Detail, test.says) {
				t.Errorf("%s is %s: %s", test.check, f.Status, f.Detail)
			}
			for name, f := range by {
				skipped := strings.Contains(" "+test.skips+" ", " "+name+" ")
				if name == test.check {
					continue
				}
				if want := map[bool]diagnosis.Status{true: diagnosis.Skip, false: diagnosis.OK}[skipped]; f.Status != want {
					t.Errorf("%s is %s: %s", name, f.Status, f.Detail)
				}
			}
		})
	}
}

// TestEmbedded: what needs a network or a sign-in is left out, and is no failure.
func TestEmbedded(t *testing.T) {
	m := wellMachine(t)
	m.settings.Server, m.settings.Profile = "", profile.Local
	by := examine(t, m)
	for _, name := range []string{"proxy", "tls", "clock", "session", "mfa"} {
		if by[name].Status != diagnosis.Skip {
			t.Errorf("%s is %s", name, by[name].Status)
		}
	}
	for _, name := range []string{"service", "key", "secret", "store"} {
		if by[name].Status != diagnosis.OK {
			t.Errorf("%s is %s: %s", name, by[name].Status, by[name].Detail)
		}
	}
	if m.asked["reach"] != 0 || m.asked["account"] != 0 {
		t.Errorf("asked: %v", m.asked)
	}
}

// TestWithoutKeyAPI_Offline: of a service that only gives tokens the key is known here, so also without a network.
func TestWithoutKeyAPI_Offline(t *testing.T) {
	m := wellMachine(t)
	m.settings.Server, m.settings.TokenURL = "", "https://registry.example/token"
	m.fails["reach"] = refusal(keyapi.CodeUnreachable)
	by := examine(t, m)
	if by["service"].Status != diagnosis.Fail || by["key"].Status != diagnosis.OK || by["secret"].Status != diagnosis.Skip {
		t.Errorf("key %+v, secret %+v, service %+v", by["key"], by["secret"], by["service"])
	}
	if m.asked["authenticate"] != 0 {
		t.Error("a service that can't be reached was asked")
	}
}

func TestModes(t *testing.T) {
	m := wellMachine(t)
	secrets := filepath.Join(m.settings.Data, "with a blank", "secret")
	if err := os.Mkdir(filepath.Dir(secrets), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{secrets, filepath.Join(m.settings.Config, "config.yaml")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		goos           string
		secret, config os.FileMode
		want           diagnosis.Status
	}{
		{"linux", 0o600, 0o644, diagnosis.OK},
		{"linux", 0o640, 0o644, diagnosis.Fail},
		{"linux", 0o602, 0o666, diagnosis.Fail},
		{"linux", 0o600, 0o664, diagnosis.Warn},
		{"windows", 0o666, 0o666, diagnosis.Skip},
	} {
		m.goos, m.asked = test.goos, map[string]int{}
		config := filepath.Join(m.settings.Config, "config.yaml")
		if err := errors.Join(os.Chmod(secrets, test.secret), os.Chmod(config, test.config)); err != nil {
			t.Fatal(err)
		}
		if f := examine(t, m)["modes"]; f.Status != test.want {
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

func TestPending(t *testing.T) {
	for _, test := range []struct {
		name string
		ago  time.Duration
		want string
	}{
		{"it can be recovered", time.Hour, "generate of ada was cut short; its secret can be had until 25 November 08:00"},
		{"it is too late", 25 * time.Hour, "generate of ada was cut short more than a day ago"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := wellMachine(t)
			dir := filepath.Join(m.settings.Data, "accounts", "0123")
			text, err := json.Marshal(map[string]any{
				"operation": "generate", "login": "ada", "instance": "https://keys.example", "at": m.now.Add(-test.ago),
				"idempotencyKey": theSecret,
			})
			err = errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "pending.json"), text, 0o600))
			if err != nil {
				t.Fatal(err)
			}
			if f := examine(t, m)["pending"]; f.Status != diagnosis.Warn || !strings.HasPrefix(f.Detail, test.want) {
				t.Errorf("%+v", f)
			}
		})
	}
}

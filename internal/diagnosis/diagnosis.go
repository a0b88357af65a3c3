// Package diagnosis looks at everything the tool needs to work, and says of each thing whether it is well, and if not,
// what mends it. The checks are a table of small functions over a Machine. One that fails does not stop the others; one
// that can't be made, since it needs something that failed, says so.
//
// It shows no secret. Of what it does a probe in the secret store is left for a moment, and a kept secret that is tried
// counts at the service as used; nothing else is changed. How the findings look and which exit status they make is not
// decided here.
package diagnosis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Status is what came out of a check.
type Status string

// The statuses.
const (
	OK   Status = "ok"
	Warn Status = "warn" // it works, but not for long, or not for everybody
	Fail Status = "fail" // something does not work
	Skip Status = "skip" // there is nothing to check, or it can't be checked now
)

// Finding is what came out of one check.
type Finding struct {
	Check  string // its name
	Status Status
	Detail string // what was seen; one line
	Hint   string // what to do; "" = nothing
}

// SessionNote is where the session for a service comes from. The zero SessionNote is no session.
type SessionNote struct {
	From      string    // a store's kind, or the variable it is in
	ExpiresAt time.Time // its latest end; zero if that is not known here
}

// Machine is what the checks look at. Its errors say for people what happened, and those of *keyapi.Error what to do.
type Machine interface {
	Now() time.Time                    // in the user's time zone
	GOOS() string                      // the operating system
	Getenv(name string) string         // the environment
	Build() string                     // which build of the tool this is
	Login() string                     // who the account is, as far as it is known
	Notes() (SessionNote, error)       // what is noted of the session; nothing is opened
	Kept() (custody.Kept, error)       // what is noted of the kept secret; nothing is opened
	Settle() (profile.Settings, error) // the settings; with an error Dirs and Store are still there, if they can be known

	// Connect opens the service; a remote one is not called yet. The methods below want it to have succeeded.
	Connect(ctx context.Context) error
	// Reach asks a remote service whether it is there.
	Reach(ctx context.Context) (keyapi.Reached, error)
	// Account asks a key service whose session it is.
	Account(ctx context.Context) (keyapi.Account, error)
	// Key gives the key of the account.
	Key(ctx context.Context) (keyapi.Key, error)
	// Open reads the kept secret.
	Open(ctx context.Context) (accessKey string, secret keyapi.Secret, err error)
	// Authenticate asks the service about a pair.
	Authenticate(ctx context.Context, accessKey string, secret keyapi.Secret) error

	// Store gives the store of a kind. It may be asked without a connection.
	Store(kind secretstore.Kind) secretstore.Store
}

// check is a row of the table.
type check struct {
	name string
	look func(context.Context, *examination) Finding
}

// checks are all checks, in the order in which they are made and shown.
var checks = []check{
	{"version", version},
	{"config", config},
	{"modes", modes},
	{"proxy", proxy},
	{"service", service},
	{"tls", certificate},
	{"clock", clock},
	{"session", session},
	{"mfa", mfa},
	{"store", store},
	{"key", key},
	{"secret", secret},
	{"pending", pending},
}

// Examine makes all checks. The end of the context ends those that wait.
func Examine(ctx context.Context, m Machine) []Finding {
	x := &examination{Machine: m}
	x.settings, x.unsettled = m.Settle()
	findings := make([]Finding, len(checks))
	for i, c := range checks {
		findings[i] = c.look(ctx, x)
		findings[i].Check = c.name
	}
	return findings
}

// examination is one run of the checks. What several of them need is asked once.
type examination struct {
	Machine
	settings  profile.Settings
	unsettled error

	connected answer[struct{}]
	reached   answer[keyapi.Reached]
	account   answer[keyapi.Account]
	key       answer[keyapi.Key]
}

// answer is an answer that is asked for once.
type answer[T any] struct {
	asked bool
	value T
	err   error
}

func (a *answer[T]) from(ask func() (T, error)) (T, error) {
	if !a.asked {
		a.asked = true
		a.value, a.err = ask()
	}
	return a.value, a.err
}

func (x *examination) connect(ctx context.Context) error {
	if x.unsettled != nil {
		return x.unsettled
	}
	_, err := x.connected.from(func() (struct{}, error) { return struct{}{}, x.Connect(ctx) })
	return err
}

// remote tells whether the service is one that is reached over a network.
func (x *examination) remote() bool { return x.settings.Kind() != profile.KindEmbedded }

func (x *examination) reach(ctx context.Context) (keyapi.Reached, error) {
	return x.reached.from(func() (keyapi.Reached, error) { return x.Reach(ctx) })
}

// absent says why the service can't be asked, "" if it can.
func (x *examination) absent(ctx context.Context) string {
	switch {
	case x.unsettled != nil:
		return "not looked at: the configuration is wrong"
	case x.connect(ctx) != nil:
		return "not looked at: the service cannot be opened"
	}
	if x.remote() {
		if _, err := x.reach(ctx); err != nil {
			return "not looked at: the service cannot be reached"
		}
	}
	return ""
}

// unknown says why the service can't be asked about the account, "" if it can.
func (x *examination) unknown(ctx context.Context) string {
	if why := x.absent(ctx); why != "" || x.settings.Kind() != profile.KindService {
		return why
	}
	if _, err := x.accountOf(ctx); err != nil {
		return "not looked at: there is no session that is accepted"
	}
	return ""
}

func (x *examination) accountOf(ctx context.Context) (keyapi.Account, error) {
	return x.account.from(func() (keyapi.Account, error) { return x.Account(ctx) })
}

func (x *examination) keyOf(ctx context.Context) (keyapi.Key, error) {
	return x.key.from(func() (keyapi.Key, error) { return x.Key(ctx) })
}

// day writes the day of an instant in the user's time zone.
func (x *examination) day(t time.Time) string {
	return t.In(x.Now().Location()).Format("2 January 2006")
}

func well(detail string) Finding         { return Finding{Status: OK, Detail: detail} }
func skipped(detail string) Finding      { return Finding{Status: Skip, Detail: detail} }
func warned(detail, hint string) Finding { return Finding{Status: Warn, Detail: detail, Hint: hint} }
func failed(detail, hint string) Finding { return Finding{Status: Fail, Detail: detail, Hint: hint} }

// failure makes a finding of an error.
func failure(err error) Finding {
	f := failed(oneLine(err.Error()), "")
	var known *keyapi.Error
	if errors.As(err, &known) {
		f.Hint = known.Hint
	}
	return f
}

// oneLine takes the line breaks out of a text that others wrote.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

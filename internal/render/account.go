package render

import (
	"strconv"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// SignedIn is what signing in came to.
type SignedIn struct {
	Profile, Server, Login string
	ExpiresAt              time.Time
	MFAEnabled             bool
	Stored                 string // kind of the store that keeps the session
}

type signedInJSON struct {
	Schema        int       `json:"schema"`
	Profile       string    `json:"profile"`
	Server        string    `json:"server"`
	Login         string    `json:"login"`
	ExpiresAt     time.Time `json:"expiresAt"`
	MFAEnabled    bool      `json:"mfaEnabled"`
	SessionStored *string   `json:"sessionStored"`
}

// SignedIn writes what signing in came to.
func (p *Printer) SignedIn(s SignedIn) error {
	return p.record("Signed in", [][]string{
		{"Profile", s.Profile}, {"Service", s.Server}, {"Account", s.Login}, {"Session until", p.date(s.ExpiresAt)},
		{"Session", sessionPlace(s.Stored)}, {"MFA", onOff(s.MFAEnabled)},
	}, signedInJSON{
		Schema: keyapi.Schema, Profile: s.Profile, Server: s.Server, Login: s.Login, ExpiresAt: s.ExpiresAt.UTC(),
		MFAEnabled: s.MFAEnabled, SessionStored: nonempty(s.Stored),
	})
}

// sessionPlace says where a session rests; one that is kept nowhere came from the environment.
func sessionPlace(stored string) string {
	if stored == "" {
		return "from APIKEY_SESSION"
	}
	return "kept " + stores[stored]
}

// SignedOut is what signing out came to.
type SignedOut struct {
	Profile, Server, Login string
	Changed                bool
}

type signedOutJSON struct {
	Schema  int     `json:"schema"`
	Profile string  `json:"profile"`
	Server  string  `json:"server"`
	Login   *string `json:"login"`
	Changed bool    `json:"changed"`
}

// SignedOut writes what signing out came to. People were told by a notice.
func (p *Printer) SignedOut(s SignedOut) error {
	if !p.JSON {
		return nil
	}
	return p.Object(signedOutJSON{
		Schema: keyapi.Schema, Profile: s.Profile, Server: s.Server, Login: nonempty(s.Login), Changed: s.Changed,
	})
}

// Whoami is the account one is signed in as.
type Whoami struct {
	keyapi.Account
	Profile, Server string
	Stored          string // kind of the store that keeps the session; "" = it came from the environment
}

type whoamiJSON struct {
	Schema            int                `json:"schema"`
	Profile           string             `json:"profile"`
	Server            string             `json:"server"`
	Login             string             `json:"login"`
	Email             *string            `json:"email"`
	Permitted         bool               `json:"permitted"`
	MFAEnabled        bool               `json:"mfaEnabled"`
	MFARequired       bool               `json:"mfaRequired"`
	RecoveryCodesLeft int                `json:"recoveryCodesLeft"`
	CreatedAt         time.Time          `json:"createdAt"`
	ExpiresAt         time.Time          `json:"expiresAt"` // of the session
	SessionStored     *string            `json:"sessionStored"`
	Session           keyapi.SessionInfo `json:"session"`
}

// Whoami writes the account one is signed in as.
func (p *Printer) Whoami(w Whoami) error {
	rows := [][]string{{"Account", w.Login}}
	if w.Email != "" {
		rows = append(rows, []string{"Email", w.Email})
	}
	rows = append(rows,
		[]string{"Service", w.Server}, []string{"Profile", w.Profile}, []string{"API key permitted", yesNo(w.Permitted)},
		[]string{"MFA", mfaState(w.MFAEnabled, w.MFARequired)}, []string{"Recovery codes left", strconv.Itoa(w.RecoveryCodesLeft)},
		[]string{"Session", sessionPlace(w.Stored)}, []string{"Session until", p.date(w.Session.ExpiresAt)})
	if w.Session.Kind == keyapi.SessionPipeline {
		rows = append(rows, []string{"Pipeline", w.Session.Name}, []string{"Allowed", allowed(w.Session)})
	}
	return p.record("Signed in as", rows, whoamiJSON{
		Schema: keyapi.Schema, Profile: w.Profile, Server: w.Server, Login: w.Login, Email: nonempty(w.Email), Permitted: w.Permitted,
		MFAEnabled: w.MFAEnabled, MFARequired: w.MFARequired, RecoveryCodesLeft: w.RecoveryCodesLeft, CreatedAt: w.CreatedAt.UTC(),
		ExpiresAt: w.Session.ExpiresAt.UTC(), SessionStored: nonempty(w.Stored), Session: w.Session,
	})
}

func mfaState(enabled, required bool) string {
	if required && !enabled {
		return "off, but the service requires it: apikey mfa setup"
	}
	return onOff(enabled)
}

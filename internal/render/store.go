package render

import (
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Store is where secrets are kept on this machine.
type Store struct {
	Profile       string
	Store, Source string    // where new ones go, and what says so
	AccessKey     string    // whose secret is kept; "" = none is
	SecretStored  string    // the store it is kept in
	KeptAt        time.Time // since when
	SessionStored string    // the store the session is kept in; "" = none is
	Changed       *bool     // nil = nothing was asked to change
}

type storeJSON struct {
	Schema        int        `json:"schema"`
	Profile       string     `json:"profile"`
	Store         string     `json:"store"`
	Source        string     `json:"source"`
	AccessKey     *string    `json:"accessKey"`
	SecretStored  *string    `json:"secretStored"`
	KeptAt        *time.Time `json:"keptAt"`
	SessionStored *string    `json:"sessionStored"`
	Changed       *bool      `json:"changed,omitempty"`
}

// Store writes where secrets are kept.
func (p *Printer) Store(s Store) error {
	object := storeJSON{
		Schema: keyapi.Schema, Profile: s.Profile, Store: s.Store, Source: s.Source, AccessKey: nonempty(s.AccessKey),
		SecretStored: nonempty(s.SecretStored), SessionStored: nonempty(s.SessionStored), Changed: s.Changed,
	}
	rows := [][]string{{"Profile", s.Profile}, {"New secrets", s.Store + " (" + s.Source + ")"}}
	if s.AccessKey == "" {
		rows = append(rows, []string{"Secret", "not kept on this machine"})
	} else {
		at := s.KeptAt.UTC()
		object.KeptAt = &at
		rows = append(rows, []string{"Secret", "kept " + stores[s.SecretStored]}, []string{"Access Key", s.AccessKey},
			[]string{"Kept since", p.date(s.KeptAt)})
	}
	if s.SessionStored != "" {
		rows = append(rows, []string{"Session", sessionPlace(s.SessionStored)})
	}
	return p.record("Store", rows, object)
}

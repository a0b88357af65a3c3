package render

import (
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type profileJSON struct {
	Name    string  `json:"name"`
	Current bool    `json:"current"`
	Server  *string `json:"server"`
	Login   *string `json:"login"`
	Kind    string  `json:"kind"`
}

func profileObject(e profile.Entry) profileJSON {
	return profileJSON{e.Name, e.Current, nonempty(e.Server + e.TokenURL), nonempty(e.Login), string(e.Kind())}
}

// Profiles writes the profiles.
func (p *Printer) Profiles(list []profile.Entry) error {
	if p.JSON {
		items := make([]profileJSON, len(list))
		for i, e := range list {
			items[i] = profileObject(e)
		}
		return p.Object(itemsJSON{Schema: keyapi.Schema, Items: items})
	}
	rows := make([][]string, len(list))
	for i, e := range list {
		current := ""
		if e.Current {
			current = "current"
		}
		rows[i] = []string{e.Name, Place(e.Server + e.TokenURL), e.Login, current, string(e.Kind())}
	}
	return p.list([]string{"Profile", "Service", "Account", "", "Kind"}, rows)
}

// Profile writes a profile something was done to. People were told by a notice.
func (p *Printer) Profile(e profile.Entry, changed bool) error {
	if !p.JSON {
		return nil
	}
	return p.Object(struct {
		Schema int `json:"schema"`
		profileJSON
		Changed bool `json:"changed"`
	}{keyapi.Schema, profileObject(e), changed})
}

// Setting is a setting with what gave it its value.
type Setting struct {
	Name, Value, Source string
}

type settingJSON struct {
	Name   string  `json:"name"`
	Value  *string `json:"value"`
	Source string  `json:"source"`
}

// Settings writes the settings of a profile.
func (p *Printer) Settings(name string, list []Setting) error {
	if p.JSON {
		items := make([]settingJSON, len(list))
		for i, s := range list {
			items[i] = settingJSON{s.Name, nonempty(s.Value), s.Source}
		}
		return p.Object(struct {
			Schema   int           `json:"schema"`
			Profile  string        `json:"profile"`
			Settings []settingJSON `json:"settings"`
		}{keyapi.Schema, name, items})
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{s.Name, s.Value, s.Source}
	}
	return p.list([]string{"Setting", "Value", "Given by"}, rows)
}

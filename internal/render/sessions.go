package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Sessions writes the sessions of an account.
func (p *Printer) Sessions(list []keyapi.SessionInfo) error {
	if p.JSON {
		if list == nil {
			list = []keyapi.SessionInfo{}
		}
		return p.Object(itemsJSON{Schema: keyapi.Schema, Items: list})
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		name := s.Name
		if s.Current {
			name = strings.TrimSpace(name + " (this one)")
		}
		rows[i] = []string{s.ID, s.Kind, name, allowed(s), p.date(s.ExpiresAt), p.lastUsed(s.LastUsedAt)}
	}
	return p.list([]string{"ID", "Kind", "Name", "Allowed", "Ends", "Last used"}, rows)
}

func allowed(s keyapi.SessionInfo) string {
	if s.Kind != keyapi.SessionPipeline {
		return "everything"
	}
	return strings.Join(s.Allow, ",")
}

// newSessionJSON is the session object of the API with its token.
type newSessionJSON struct {
	Schema     int        `json:"schema"`
	ID         string     `json:"id"`
	Kind       string     `json:"kind"`
	Name       *string    `json:"name"`
	Allow      []string   `json:"allow"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	From       *string    `json:"from"`
	UserAgent  *string    `json:"userAgent"`
	Current    bool       `json:"current"`
	Token      string     `json:"token"`
}

// NewSession writes a session that was just made: its token, for people and pipes nothing else, and in JSON the session
// beside it.
func (p *Printer) NewSession(s keyapi.SessionInfo, token keyapi.Secret) error {
	if !p.JSON {
		_, err := fmt.Fprintln(p.Out, token.Reveal())
		return err
	}
	return p.Object(newSessionJSON{
		Schema: keyapi.Schema, ID: s.ID, Kind: s.Kind, Name: nonempty(s.Name), Allow: s.Allow, CreatedAt: s.CreatedAt.UTC(),
		ExpiresAt: s.ExpiresAt.UTC(), LastUsedAt: nonzero(s.LastUsedAt), From: nonempty(s.From), UserAgent: nonempty(s.UserAgent),
		Current: s.Current, Token: token.Reveal(),
	})
}

// Revoked is a session that was ended.
type Revoked struct{ ID, Name string }

type revokedJSON struct {
	Schema  int     `json:"schema"`
	ID      string  `json:"id"`
	Name    *string `json:"name"`
	Changed bool    `json:"changed"`
}

// Revoked writes that a session was ended. People were told by a notice.
func (p *Printer) Revoked(r Revoked) error {
	if !p.JSON {
		return nil
	}
	return p.Object(revokedJSON{keyapi.Schema, r.ID, nonempty(r.Name), true})
}

package cli

import (
	"context"
	"path/filepath"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/reminder"
	"github.com/apikey-cli/apikey/internal/render"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// watched is a key service that remembers the key it told of last: a warning must not cost a call of its own.
type watched struct {
	keyapi.API
	seen keyapi.Key
}

// Key implements keyapi.API.
func (w *watched) Key(ctx context.Context) (keyapi.Key, error) {
	key, err := w.API.Key(ctx)
	if err == nil {
		w.seen = key
	}
	return key, err
}

// watch looks on at what a connection tells, and gives what is to be called when the command has done its work: it warns a
// person at a terminal of a key that is about to expire. Nobody else is warned, and nobody of a key that was shown.
//
// A service on this machine, and one of which only notes are kept here, are asked if the command did not: that costs no
// request.
func (s *session) watch(ctx context.Context, conn *Connection) (warn func()) {
	if !s.env.IO.ErrTTY || s.quiet || s.out.JSON || s.settings.CI || s.settings.WarnExpiry == 0 {
		return func() {}
	}
	w := &watched{API: conn.API}
	conn.API = w
	return func() {
		if s.shown {
			return
		}
		if conn.Remote == nil && w.seen.Status == "" {
			_, _ = w.Key(ctx) // a key that can't be read is no reason to warn of its end
		}
		if w.seen.Status == keyapi.StatusActive {
			s.warn(conn, w.seen)
		}
	}
}

// warn tells of a key that is about to expire, if it is time to.
func (s *session) warn(conn *Connection, key keyapi.Key) {
	now := s.env.Now()
	r := reminder.Reminder{
		Path:   filepath.Join(keeping.AccountDir(s.settings.Data, conn.Instance, conn.Login), "reminded"),
		Window: s.settings.WarnExpiry,
	}
	if !r.Due(key.ExpiresAt, now) {
		return
	}
	mend := "Get a new one with: apikey regenerate"
	if conn.Foreign != nil {
		mend = "Regenerate it on the service's page, then keep the new one here with: apikey import"
	}
	s.notice("Your API key expires on " + key.ExpiresAt.In(now.Location()).Format("2 January 2006") + " (" +
		render.Left(key.ExpiresAt.Sub(now)) + "). " + mend)
	if err := r.Told(now); err != nil {
		s.log.Debug("that the key was warned of is not remembered", "error", err)
	}
}

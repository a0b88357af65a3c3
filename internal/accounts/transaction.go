package accounts

import (
	"context"
	"time"

	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// transaction is a running write transaction and what people are told in it.
type transaction struct {
	store.Writer
	told []told
}

// told is a notice as the log has it.
type told struct {
	login string
	notice.Fact
}

// decide runs fn in a write transaction. fn tells apart a refusal, with which the transaction is committed (a failure
// must be counted), and an error, with which nothing of it remains. Either comes back as the error.
func (s *Service) decide(ctx context.Context, fn func(w *transaction) (refusal, err error)) error {
	var refusal error
	var notices []told
	err := s.db.Write(ctx, func(w store.Writer) (err error) {
		t := &transaction{Writer: w}
		refusal, err = fn(t)
		notices = t.told
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notices {
		s.log.Info("account notice", "kind", string(n.Kind), "login", n.login, "from", n.From)
	}
	return refusal
}

// write runs fn in a write transaction of which nothing remains if it gives an error.
func (s *Service) write(ctx context.Context, fn func(w *transaction) error) error {
	return s.decide(ctx, func(w *transaction) (refusal, err error) { return nil, fn(w) })
}

// audit appends what happened to an account to its trail, and tells its person what they should know of.
func (s *Service) audit(w *transaction, a store.Account, action keyapi.Action, actor string, from Origin) error {
	event := keyapi.Event{
		At: s.now().Truncate(time.Second), Action: action, Actor: actor, From: from.Address, UserAgent: clip(from.UserAgent),
		Revision: a.Key.Revision,
	}
	if err := w.AddEvent(a.Login, event); err != nil {
		return err
	}
	return s.tell(w, a, notice.OfEvent(event, time.Time{}))
}

// tell tells the person of an account something, within the transaction in which it happens.
func (s *Service) tell(w *transaction, a store.Account, f notice.Fact) error {
	if f.Kind == "" {
		return nil
	}
	w.told = append(w.told, told{a.Login, f})
	return notice.Tell(w, s.random, a, f)
}

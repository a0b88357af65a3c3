package accounts

import (
	"context"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// transaction is a running write transaction and what people are told after its commit.
type transaction struct {
	store.Writer
	notices []Notice
}

func (w *transaction) tell(n Notice) { w.notices = append(w.notices, n) }

// decide runs fn in a write transaction. fn tells apart a refusal, with which the transaction is committed (a failure
// must be counted), and an error, with which nothing of it remains. Either comes back as the error.
func (s *Service) decide(ctx context.Context, fn func(w *transaction) (refusal, err error)) error {
	var refusal error
	var notices []Notice
	err := s.db.Write(ctx, func(w store.Writer) (err error) {
		t := &transaction{Writer: w}
		refusal, err = fn(t)
		notices = t.notices
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notices {
		s.log.Info("account notice", "kind", string(n.Kind), "login", n.Login, "from", n.From)
		s.notify(n)
	}
	return refusal
}

// write runs fn in a write transaction of which nothing remains if it gives an error.
func (s *Service) write(ctx context.Context, fn func(w *transaction) error) error {
	return s.decide(ctx, func(w *transaction) (refusal, err error) { return nil, fn(w) })
}

// audit appends what happened to an account to its trail.
func (s *Service) audit(w store.Writer, a store.Account, action keyapi.Action, actor string, from Origin) error {
	return w.AddEvent(a.Login, keyapi.Event{
		At: s.now().Truncate(time.Second), Action: action, Actor: actor, From: from.Address, UserAgent: clip(from.UserAgent),
		Revision: a.Key.Revision,
	})
}

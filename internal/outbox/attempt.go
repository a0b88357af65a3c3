package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// errTooOld is why a mail is given up that was not tried.
var errTooOld = fmt.Errorf("%w: it is too old to be of use", ErrRefused)

// attempt claims a mail and makes an attempt. Errors: those of Round.
func (w *Worker) attempt(ctx context.Context, m store.Mail) error {
	lease := w.Now().Add(leaseFor)
	claimed := false
	err := w.Store.Write(ctx, func(tx store.Writer) (err error) {
		claimed, err = tx.ClaimMail(m, lease)
		return err
	})
	if err != nil || !claimed {
		return err
	}
	m.DueAt, m.Attempts = lease, m.Attempts+1
	limited, stop := context.WithTimeout(ctx, sendFor)
	defer stop()
	failure := errTooOld
	if w.Now().Before(m.At.Add(tooOldAfter)) {
		failure = w.Sender.Send(limited, m)
	}
	// What became of it is noted even if the worker is to end: else it would be sent again.
	if err := w.settle(context.WithoutCancel(ctx), m, failure, ctx.Err() != nil); err != nil {
		return err
	}
	if errors.Is(failure, ErrNoServer) {
		return ErrNoServer
	}
	return ctx.Err()
}

// settle notes what became of an attempt.
func (w *Worker) settle(ctx context.Context, m store.Mail, failure error, cutOff bool) error {
	result, due := w.outcome(m, failure, cutOff)
	err := w.Store.Write(ctx, func(tx store.Writer) error {
		if result == Retried {
			return tx.PostponeMail(m, due)
		}
		return tx.DeleteMail(m)
	})
	if err != nil {
		return err
	}
	if cutOff && result == Retried { // no failure of anybody
		return nil
	}
	w.Counts.MailTried(result)
	about := []any{"kind", m.Kind, "login", m.Login, "mail", m.Name, "attempts", m.Attempts}
	switch result {
	case Sent:
		w.Log.Info("mail sent", about...)
	case Retried:
		w.Log.Warn("mail not sent", append(about, "again", due, "error", failure)...)
	default:
		w.Log.Error("mail given up", append(about, "error", failure)...)
	}
	return nil
}

// outcome decides what is done after an attempt, and when the next one is due.
func (w *Worker) outcome(m store.Mail, failure error, cutOff bool) (result string, due time.Time) {
	now := w.Now()
	switch {
	case failure == nil:
		return Sent, time.Time{}
	case errors.Is(failure, ErrRefused):
		return Failed, time.Time{}
	case cutOff:
		return Retried, now
	case !now.Before(m.At.Add(giveUpAfter)):
		return Failed, time.Time{}
	default:
		return Retried, now.Add(w.wait(m.Attempts))
	}
}

// wait gives the wait after a number of attempts: between a half and one and a half of what doubles with each, so that
// replicas, and the mails of an outage, do not come at once.
func (w *Worker) wait(attempts int) time.Duration {
	wait := firstWait
	for range attempts - 1 {
		if wait *= 2; wait >= lastWait {
			wait = lastWait
			break
		}
	}
	return time.Duration((0.5 + w.Jitter()) * float64(wait))
}

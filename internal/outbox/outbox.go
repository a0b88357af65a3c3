// Package outbox sends the mails that wait in the database. Any number of replicas may run a worker: each mail is
// claimed before an attempt, with a lease that ends by itself if who has it is gone. A mail that could not be sent is
// tried again, after a wait that grows, for three days.
//
// A mail is sent at least once: who ends, or loses the database, after the mail server took a mail and before that is
// noted, leaves a mail that is sent again, under the same Message-ID. What a mail says and how it is sent is not known
// here.
package outbox

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
)

// The times of the worker.
const (
	pollEvery   = time.Second      // how often mails are looked for
	restAfter   = 15 * time.Second // how long nothing is looked for after the database or the mail server was not there
	expiryEvery = time.Hour        // how often keys are looked for that are about to expire

	// sendFor bounds one attempt. It is well within a lease: the clocks of two replicas may differ by the rest.
	sendFor  = time.Minute
	leaseFor = 3 * time.Minute

	// The wait after a failure doubles, up to a bound.
	firstWait = time.Minute
	lastWait  = 4 * time.Hour

	// From when it happened: how long it is tried, and after how long not even once. That old are mails of a service that
	// did not run or sent none, and nobody is helped by what they tell.
	giveUpAfter = 3 * 24 * time.Hour
	tooOldAfter = 30 * 24 * time.Hour
)

// batch is how many mails are looked for at a time.
const batch = 20

// ErrRefused is what a Sender's error is when the mail itself was refused for good: another attempt would be too.
var ErrRefused = errors.New("the mail was refused")

// ErrNoServer is what a Sender's error is when the mail server could not be had: no other mail would fare better now.
var ErrNoServer = errors.New("the mail server cannot be used")

// Sender sends a mail.
type Sender interface {
	Send(ctx context.Context, m store.Mail) error
}

// Results of an attempt.
const (
	Sent    = "sent"
	Retried = "retried" // it failed, and will be made again
	Failed  = "failed"  // it failed, and the mail was given up
)

// Counts counts.
type Counts interface {
	MailsQueued(count int)   // how many wait now
	MailTried(result string) // an attempt was made: Sent, Retried or Failed
}

// Options are what a worker takes from outside.
type Options struct {
	Store  store.Store
	Sender Sender
	Now    func() time.Time
	Random io.Reader      // for the names of mails
	Jitter func() float64 // in [0, 1): spreads the attempts
	Log    *slog.Logger
	Counts Counts
	Ending <-chan struct{} // closed: no attempt is begun any more; nil = only the context ends the work
}

// Worker sends the mails of one database.
type Worker struct{ Options }

// New makes a worker.
func New(o Options) *Worker { return &Worker{o} }

// Run works until the context ends, which cuts off the attempt in hand, or until Ending is closed and that attempt is
// over.
func (w *Worker) Run(ctx context.Context) {
	var looked time.Time // for keys that are about to expire
	for {
		wait := pollEvery
		if now := w.Now(); !now.Before(looked.Add(expiryEvery)) {
			if w.expiring(ctx) {
				looked = now
			}
		}
		if err := w.Round(ctx); err != nil {
			if ctx.Err() == nil && !errors.Is(err, ErrNoServer) { // that one is told with the mail
				w.Log.Error("mails cannot be looked for", "error", err)
			}
			wait = restAfter
		}
		select {
		case <-time.After(wait):
		case <-w.Ending:
			return
		case <-ctx.Done():
			return
		}
	}
}

// expiring puts notices of keys that are about to expire into the outbox.
func (w *Worker) expiring(ctx context.Context) (done bool) {
	told, err := notice.Expiring(ctx, w.Store, w.Now(), w.Random)
	if told > 0 {
		w.Log.Info("keys are about to expire", "notices", told)
	}
	if err != nil && ctx.Err() == nil {
		w.Log.Error("keys that are about to expire cannot be looked for", "error", err)
	}
	return err == nil
}

// Round tries to send what is due, one after the other, until nothing is due or the worker is to end. Errors:
// ErrNoServer if the mail server cannot be had, so that what is left has to wait; that of the context; those of the
// database.
func (w *Worker) Round(ctx context.Context) error {
	for {
		due, waiting, err := w.due(ctx)
		if err != nil {
			return err
		}
		w.Counts.MailsQueued(waiting)
		if len(due) == 0 {
			return nil
		}
		for _, m := range due {
			if w.ending() {
				return nil
			}
			if err := w.attempt(ctx, m); err != nil {
				return err
			}
		}
	}
}

func (w *Worker) ending() bool {
	select {
	case <-w.Ending:
		return true
	default:
		return false
	}
}

func (w *Worker) due(ctx context.Context) (due []store.Mail, waiting int, err error) {
	err = w.Store.Read(ctx, func(r store.Reader) error {
		if due, err = r.DueMails(w.Now(), batch); err != nil {
			return err
		}
		waiting, err = r.CountMails()
		return err
	})
	return due, waiting, err
}

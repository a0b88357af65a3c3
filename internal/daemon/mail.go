package daemon

import (
	"context"
	"math/rand/v2"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/mail"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/outbox"
	"github.com/apikey-cli/apikey/internal/store"
)

// mailer gives what sends mails, nil where none are sent. Error: CodeUsage for settings that cannot be used.
func (s *session) mailer() (*mail.Mailer, error) {
	if s.config.SMTP == "" {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	service := s.config.Issuer
	if service == "" {
		service = s.config.Listen
	}
	return mail.New(mail.Options{
		Server: s.config.SMTP, PasswordFile: s.config.SMTPPasswordFile, CAFile: s.config.SMTPCAFile, From: s.config.MailFrom,
		Templates: s.config.MailTemplates, Service: service, Contact: s.config.Contact,
	})
}

// tellByMail notes in the database whether people are told by mail. That counts for every server of it: one that ends it
// for the others says so, since it may be that its settings are wrong.
func (s *session) tellByMail(ctx context.Context, db store.Store, on bool) error {
	before, err := notice.On(ctx, db)
	if err != nil {
		return err
	}
	if before && !on {
		s.log.Warn("there is no --smtp: from now on no server of this database writes mails")
	}
	return notice.Set(ctx, db, on)
}

// sendMails gives what sends the mails that wait: until its context ends, or the mail in hand is sent after ending was
// closed. It stands beside the requests: none waits for it.
func (s *session) sendMails(
	data *datadir.Service, mailer *mail.Mailer, counts *metrics.Metrics, ending <-chan struct{},
) func(context.Context) {
	if mailer == nil {
		return func(context.Context) {}
	}
	return outbox.New(outbox.Options{
		Store: data.DB, Sender: mailer, Now: s.env.Now, Random: s.env.Random, Log: s.log, Counts: counts,
		Ending: ending, Jitter: rand.Float64, //nolint:gosec // spreads the attempts, guards nothing
	}).Run
}

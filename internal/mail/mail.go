// Package mail says notices to people by mail: their texts are templates, which an operator can replace, and they go
// out over SMTP. Which notices there are is in package notice, when one is sent in package outbox. The tool must not
// link it.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/apikey-cli/apikey/internal/outbox"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Options say how mails are sent.
type Options struct {
	Server       string // smtp://user@host:port or smtps://user@host:port; user and port may be left out
	PasswordFile string // file with the user's password; "" = none
	CAFile       string // file with certificate authorities that are trusted too, PEM; "" = none
	From         string // address of the sender, perhaps with a name: Keys <keys@example.com>
	Templates    string // folder with texts that replace the built-in ones; "" = none
	Service      string // what the texts call the service
	Contact      string // whom the texts say to ask; "" = the operator
}

// Mailer sends mails. It implements outbox.Sender and is safe for concurrent use.
type Mailer struct {
	server           server
	from             *netmail.Address
	domain           string // of the sender: that of the Message-IDs
	templates        templates
	service, contact string
}

var _ outbox.Sender = (*Mailer)(nil)

// New reads and checks all that sending takes, but does not speak with the mail server: it may be away when the service
// starts. Every text is made once with made-up facts. Error: CodeUsage.
func New(o Options) (*Mailer, error) {
	m := &Mailer{service: o.Service, contact: o.Contact}
	var err error
	if m.server, err = newServer(o); err != nil {
		return nil, err
	}
	if m.from, err = address(o.From); err != nil {
		return nil, &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "--mail-from is not an address", Hint: "Give it as name@example.com, or Name <name@example.com>.",
		}
	}
	_, m.domain, _ = strings.Cut(m.from.Address, "@")
	m.templates, err = loadTemplates(o.Templates)
	return m, err
}

// address reads an address. One with a line break or another control character is none.
func address(text string) (*netmail.Address, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errors.New("it has a control character")
	}
	return netmail.ParseAddress(text)
}

// Send makes a mail of a notice and gives it to the mail server. Errors: outbox.ErrRefused if the server will not have
// this mail, outbox.ErrNoServer if it cannot be had or will have none; else it may have it later. That goes for a kind
// there is no text for, too: a newer replica, which put it there, has one.
func (m *Mailer) Send(ctx context.Context, notice store.Mail) error {
	message, err := m.message(notice)
	if err != nil {
		return err
	}
	err = m.server.send(ctx, message)
	if err == nil || message.IsDelivered() { // what went wrong in parting is no matter
		return nil
	}
	return classified(err)
}

func (m *Mailer) message(notice store.Mail) (*gomail.Msg, error) {
	to, err := address(notice.To)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the account: %w", outbox.ErrRefused, err)
	}
	subject, body, err := m.templates.text(notice.Kind, m.facts(notice))
	if err != nil {
		return nil, err
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	message.ToMailAddress(to)
	message.Subject(subject)
	message.SetDateWithValue(notice.At)
	message.SetMessageIDWithValue(notice.Name + "@" + m.domain) // the same at every attempt
	message.SetGenHeader("Auto-Submitted", "auto-generated")    // RFC 3834, section 5: no answers by machines
	message.SetBodyString(gomail.TypeTextPlain, body)
	return message, nil
}

// classified says what an error of sending means for this mail and for others.
func classified(err error) error {
	var failed *gomail.SendError
	if !errors.As(err, &failed) || failed.ErrorCode() == 0 { // no answer of the server to a mail
		return fmt.Errorf("%w: %w", outbox.ErrNoServer, err)
	}
	const closing, authenticate = 421, 530 // RFC 5321, section 3.8; RFC 4954, section 6
	switch {
	case failed.Reason == gomail.ErrSMTPMailFrom, failed.ErrorCode() == closing, failed.ErrorCode() == authenticate:
		return fmt.Errorf("%w: %w", outbox.ErrNoServer, err)
	case failed.ErrorCode() >= 500:
		return fmt.Errorf("%w: %w", outbox.ErrRefused, err)
	default:
		return err
	}
}

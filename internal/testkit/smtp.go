package testkit

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer is a real SMTP server on the loopback interface, which can be told to refuse and to stall.
type MailServer struct {
	Address string // host:port

	mu      sync.Mutex
	refuse  map[string]int // by command: the code it is refused with
	stalled chan struct{}  // nil = it answers
	reached chan struct{}  // has a value once a command was stalled
	login   [2]string
	mails   []Delivered
}

// Delivered is a mail the server took.
type Delivered struct {
	From, To, User string
	Text           string // header and body
}

// MailServerOptions say what a mail server asks for.
type MailServerOptions struct {
	Listen         string           // address; "" = 127.0.0.1:0
	TLS            *tls.Certificate // offered by STARTTLS; nil = none
	Implicit       bool             // TLS from the first byte on
	User, Password string           // who may send; "" = everybody
}

// StartMailServer starts a mail server, which ends with the test.
func StartMailServer(t testing.TB, o MailServerOptions) *MailServer {
	t.Helper()
	m, stop, err := RunMailServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return m
}

// RunMailServer starts a mail server and gives what ends it.
func RunMailServer(o MailServerOptions) (m *MailServer, stop func(), err error) {
	listener, err := net.Listen("tcp", cmp.Or(o.Listen, "127.0.0.1:0"))
	if err != nil {
		return nil, nil, err
	}
	m = &MailServer{
		Address: listener.Addr().String(), refuse: map[string]int{}, reached: make(chan struct{}, 1), login: [2]string{o.User, o.Password},
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain, server.AllowInsecureAuth = "localhost", true
	server.ErrorLog = quietLog{}
	if o.TLS != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*o.TLS}, MinVersion: tls.VersionTLS12}
	}
	if o.Implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	return m, func() {
		m.Resume()
		_ = server.Close()
		_ = listener.Close() // the server knows it only once it serves
		<-done
	}, nil
}

// Refuse makes it answer a command ("MAIL", "RCPT", "DATA") with a code; 0 lets it work again.
func (m *MailServer) Refuse(command string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[command] = code
}

// Stall makes it answer no mail any more, until Resume. What it gives has a value once a mail is held up.
func (m *MailServer) Stall() (reached <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stalled = make(chan struct{})
	return m.reached
}

// Resume makes a stalled server go on.
func (m *MailServer) Resume() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stalled != nil {
		close(m.stalled)
		m.stalled = nil
	}
}

// Mails gives what it took so far.
func (m *MailServer) Mails() []Delivered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Delivered(nil), m.mails...)
}

// answer gives the error a command is answered with, when it is to be answered.
func (m *MailServer) answer(command string) error {
	m.mu.Lock()
	stalled, code := m.stalled, m.refuse[command]
	m.mu.Unlock()
	if stalled != nil {
		select {
		case m.reached <- struct{}{}:
		default:
		}
		<-stalled
	}
	if code != 0 {
		return &smtp.SMTPError{Code: code, Message: "refused on purpose"}
	}
	return nil
}

// quietLog drops what the server has to say of connections that are cut off.
type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

// mailSession is one connection.
type mailSession struct {
	server *MailServer
	Delivered
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if [2]string{user, password} != s.server.login {
			return smtp.ErrAuthFailed
		}
		s.User = user
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.User != s.server.login[0] {
		return smtp.ErrAuthRequired
	}
	s.From = from
	return s.server.answer("MAIL")
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.To = to
	return s.server.answer("RCPT")
}

func (s *mailSession) Data(r io.Reader) error {
	var text bytes.Buffer
	_, err := io.Copy(&text, r)
	if err = errors.Join(err, s.server.answer("DATA")); err != nil {
		var told *smtp.SMTPError
		if errors.As(err, &told) {
			return told
		}
		return err
	}
	s.Text = text.String()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.Delivered)
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

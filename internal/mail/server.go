package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The ports of submission (RFC 6409; RFC 8314, section 3).
const (
	portSTARTTLS = 587
	portTLS      = 465
)

// silence is how long the mail server may take for one step.
const silence = 30 * time.Second

// server is the mail server mails are given to.
type server struct {
	host, user string
	port       int
	password   keyapi.Secret
	implicit   bool // TLS from the first byte on
	plain      bool // no TLS
	roots      *x509.CertPool
}

// newServer reads how the mail server is reached. Without TLS nothing is sent, but to this machine: there a mail server
// has, as a rule, no certificate for its loopback address. With authorities that are trusted for it, it has one.
func newServer(o Options) (s server, err error) {
	u, err := url.Parse(o.Server)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" {
		return s, usage("--smtp is not the address of a mail server", "Give it as smtp://user@host:587, or smtps://user@host.")
	}
	if _, given := u.User.Password(); given {
		return s, usage("There is a password in --smtp, where others can see it", "Give it with --smtp-password-file.")
	}
	s = server{host: u.Hostname(), user: u.User.Username(), port: portSTARTTLS, implicit: u.Scheme == "smtps"}
	if s.implicit {
		s.port = portTLS
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 1<<16-1 {
			return s, usage("--smtp names a port that is none", "Give it as smtp://user@host:587.")
		}
	}
	if (s.user == "") != (o.PasswordFile == "") {
		return s, usage("Only one of a user in --smtp and --smtp-password-file is given", "Give both, or neither.")
	}
	s.plain = !s.implicit && o.CAFile == "" && loopback(s.host)
	return s, s.read(o)
}

func usage(message, hint string) error { return keyapi.Errorf(keyapi.CodeUsage, message, hint) }

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// read reads the files.
func (s *server) read(o Options) error {
	if o.PasswordFile != "" {
		text, err := os.ReadFile(o.PasswordFile)
		if err != nil {
			return &keyapi.Error{Code: keyapi.CodeUsage, Message: "The password of the mail server cannot be read", Err: err}
		}
		s.password = keyapi.NewSecret(strings.TrimRight(string(text), "\r\n"))
		if s.password.IsZero() {
			return usage(o.PasswordFile+" has no password in it", "")
		}
	}
	if o.CAFile == "" {
		return nil
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return &keyapi.Error{Code: keyapi.CodeUsage, Message: "The certificate authorities of --smtp-ca-file cannot be read", Err: err}
	}
	if s.roots, err = x509.SystemCertPool(); err != nil {
		s.roots = x509.NewCertPool()
	}
	if !s.roots.AppendCertsFromPEM(text) {
		return usage(o.CAFile+" has no certificate in it", "Give a file in PEM form.")
	}
	return nil
}

// send gives a message to the server, on a connection of its own: there are few, and far between.
func (s *server) send(ctx context.Context, message *gomail.Msg) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client, err := gomail.NewClient(s.host, s.options(ctx)...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, message)
}

func (s *server) options(ctx context.Context) []gomail.Option {
	config := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(silence), gomail.WithTLSConfig(config), gomail.WithDialContextFunc(s.dial(ctx, config)),
	}
	switch {
	case s.implicit:
		options = append(options, gomail.WithSSL())
	case s.plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

// dial gives how a connection is made: one that the end of the context cuts off, which the library does while it dials
// only.
func (s *server) dial(whole context.Context, config *tls.Config) gomail.DialContextFunc {
	address := net.JoinHostPort(s.host, strconv.Itoa(s.port)) // the library's own has no brackets around IPv6
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(whole, func() { _ = conn.Close() })
		if !s.implicit {
			return conn, nil
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("TLS with the mail server: %w", err)
		}
		return secure, nil
	}
}

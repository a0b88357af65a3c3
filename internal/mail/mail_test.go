package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/mail"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/outbox"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var happened = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)

func letter(kind notice.Kind) store.Mail {
	return store.Mail{
		Name: "0123456789abcdef", Login: "ada", To: "ada@example.org", Kind: string(kind), At: happened, Until: happened.AddDate(1, 0, 0),
		AccessKey: "AK0123", Actor: "ada/ci", From: "192.0.2.1",
	}
}

// mailer gives one for a server, with options over those that every one needs.
func mailer(t *testing.T, o mail.Options) *mail.Mailer {
	t.Helper()
	if o.From == "" {
		o.From = "Keys <keys@example.com>"
	}
	if o.Service == "" {
		o.Service = "https://key.example.com"
	}
	m, err := mail.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// secretFile writes a file with a text and gives its path.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read takes a mail apart.
func read(t *testing.T, text string) (header netmail.Header, body string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, strings.ReplaceAll(string(plain), "\r\n", "\n")
}

func TestSend_EveryKind_SaysWhatHappenedAndIsRecognisedAgain(t *testing.T) {
	server := testkit.StartMailServer(t, testkit.MailServerOptions{})
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address, Contact: "the platform team."})
	for i, kind := range notice.Kinds {
		for range 2 {
			if err := m.Send(context.Background(), letter(kind)); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
		}
		got := server.Mails()
		if len(got) != 2*(i+1) || got[2*i] != got[2*i+1] {
			t.Fatalf("%s: the second time it is another mail, or none", kind)
		}
		one := got[2*i]
		if one.From != "keys@example.com" || one.To != "ada@example.org" {
			t.Errorf("%s: from %s to %s", kind, one.From, one.To)
		}
		header, body := read(t, one.Text)
		for name, want := range map[string]string{
			"From": `"Keys" <keys@example.com>`, "To": "<ada@example.org>", "Message-Id": "<0123456789abcdef@example.com>",
			"Auto-Submitted": "auto-generated", "Date": "Mon, 23 Nov 2026 06:44:00 +0000",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, name, got, want)
			}
		}
		if header.Get("Subject") == "" {
			t.Errorf("%s has no subject", kind)
		}
		for _, fact := range []string{
			"2026-11-23 06:44 UTC", "ada/ci", "192.0.2.1", "https://key.example.com", "Account: ada\n", "ask the platform team.\n",
		} {
			if !strings.Contains(body, fact) {
				t.Errorf("%s does not say %q:\n%s", kind, fact, body)
			}
		}
		if about := strings.HasPrefix(string(kind), "key-"); about != strings.Contains(body, "AK0123") {
			t.Errorf("%s: the access key is in it: %v\n%s", kind, !about, body)
		}
	}
}

func TestSend_WhatIsRefused(t *testing.T) {
	for _, one := range []struct {
		command string
		code    int
		want    error // nil = neither
	}{
		{"RCPT", 550, outbox.ErrRefused}, {"DATA", 554, outbox.ErrRefused},
		{"RCPT", 450, nil}, {"DATA", 451, nil},
		{"MAIL", 550, outbox.ErrNoServer}, {"MAIL", 452, outbox.ErrNoServer}, {"RCPT", 421, outbox.ErrNoServer},
		{"RCPT", 530, outbox.ErrNoServer},
	} {
		server := testkit.StartMailServer(t, testkit.MailServerOptions{})
		m := mailer(t, mail.Options{Server: "smtp://" + server.Address})
		server.Refuse(one.command, one.code)
		err := m.Send(context.Background(), letter(notice.KeyGenerated))
		for _, kind := range []error{outbox.ErrRefused, outbox.ErrNoServer} {
			if errors.Is(err, kind) != errors.Is(one.want, kind) || err == nil {
				t.Errorf("%s %d: %v", one.command, one.code, err)
			}
		}
		server.Refuse(one.command, 0)
		if err := m.Send(context.Background(), letter(notice.KeyGenerated)); err != nil || len(server.Mails()) != 1 {
			t.Errorf("%s %d: afterwards %v, %d mails", one.command, one.code, err, len(server.Mails()))
		}
	}
}

// TestSend_KindOfANewerReplica: that one has a text for it, so this one does not give the mail up.
func TestSend_KindOfANewerReplica(t *testing.T) {
	m := mailer(t, mail.Options{Server: "smtp://127.0.0.1:1"}) // which it does not come to
	err := m.Send(context.Background(), letter("of-tomorrow"))
	if err == nil || errors.Is(err, outbox.ErrRefused) || errors.Is(err, outbox.ErrNoServer) {
		t.Errorf("error %v", err)
	}
}

func TestSend_IPv6(t *testing.T) {
	server, stop, err := testkit.RunMailServer(testkit.MailServerOptions{Listen: "[::1]:0"})
	if err != nil {
		t.Skip("there is no IPv6 here: ", err)
	}
	defer stop()
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address})
	if err := m.Send(context.Background(), letter(notice.KeyGenerated)); err != nil || len(server.Mails()) != 1 {
		t.Errorf("error %v, %d mails", err, len(server.Mails()))
	}
}

func TestSend_NobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	m := mailer(t, mail.Options{Server: "smtp://" + listener.Addr().String()})
	if err := m.Send(context.Background(), letter(notice.KeyGenerated)); !errors.Is(err, outbox.ErrNoServer) {
		t.Errorf("error %v", err)
	}
}

// TestSend_StalledServer_EndsWithTheContext: the library looks at the context only until it is connected.
func TestSend_StalledServer_EndsWithTheContext(t *testing.T) {
	server := testkit.StartMailServer(t, testkit.MailServerOptions{})
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address})
	reached := server.Stall()
	ctx, stop := context.WithCancel(context.Background())
	go func() { <-reached; stop() }()
	if err := m.Send(ctx, letter(notice.KeyGenerated)); !errors.Is(err, outbox.ErrNoServer) {
		t.Errorf("error %v", err)
	}
	server.Resume()
}

func TestSend_TLSAndPassword(t *testing.T) {
	cert, err := testkit.Certificate(time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := testkit.WriteAuthority(ca, cert); err != nil {
		t.Fatal(err)
	}
	password := secretFile(t, "hunter2 of mails\n")
	for scheme, implicit := range map[string]bool{"smtp": false, "smtps": true} {
		server := testkit.StartMailServer(t, testkit.MailServerOptions{TLS: &cert, Implicit: implicit, User: "keys", Password: "hunter2 of mails"})
		at := scheme + "://keys@" + server.Address
		for name, one := range map[string]struct {
			o      mail.Options
			passes bool
		}{
			"right":             {mail.Options{Server: at, CAFile: ca, PasswordFile: password}, true},
			"wrong password":    {mail.Options{Server: at, CAFile: ca, PasswordFile: secretFile(t, "hunter3")}, false},
			"no password":       {mail.Options{Server: scheme + "://" + server.Address, CAFile: ca}, false},
			"unknown authority": {mail.Options{Server: "smtps://keys@" + server.Address, PasswordFile: password}, false},
		} {
			err := mailer(t, one.o).Send(context.Background(), letter(notice.KeyGenerated))
			if (err == nil) != one.passes || err != nil && !errors.Is(err, outbox.ErrNoServer) {
				t.Errorf("%s, %s: %v", scheme, name, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter") {
				t.Errorf("%s, %s: the password is told: %v", scheme, name, err)
			}
		}
		if got := server.Mails(); len(got) != 1 || got[0].User != "keys" {
			t.Errorf("%s: %+v", scheme, got)
		}
	}
}

// TestSend_ServerWithoutTLS_GetsNothing: with an authority that is trusted for it TLS is asked for, as it is everywhere
// but on this machine.
func TestSend_ServerWithoutTLS_GetsNothing(t *testing.T) {
	cert, err := testkit.Certificate(time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := testkit.WriteAuthority(ca, cert); err != nil {
		t.Fatal(err)
	}
	server := testkit.StartMailServer(t, testkit.MailServerOptions{})
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address, CAFile: ca})
	if err := m.Send(context.Background(), letter(notice.KeyGenerated)); !errors.Is(err, outbox.ErrNoServer) {
		t.Errorf("error %v", err)
	}
	if got := server.Mails(); len(got) != 0 {
		t.Errorf("it got %+v", got)
	}
}

// TestSend_LineBreaks_BeginNoHeader: whatever an account, an address or a contact holds.
func TestSend_LineBreaks_BeginNoHeader(t *testing.T) {
	server := testkit.StartMailServer(t, testkit.MailServerOptions{})
	evil := "x\r\nBcc: eve@example.org\r\n\r\nhello\nSubject: other\x00"
	dir := t.TempDir()
	text := "Subject: {{.Login}} {{.AccessKey}} {{.Actor}} {{.From}} {{.Contact}} {{.Service}}\n\nbody\n"
	if err := os.WriteFile(filepath.Join(dir, "key-disabled.txt"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address, Templates: dir, Contact: evil, Service: evil})
	one := letter(notice.KeyDisabled)
	one.Login, one.AccessKey, one.Actor, one.From = evil, evil, evil, evil
	if err := m.Send(context.Background(), one); err != nil {
		t.Fatal(err)
	}
	header, body := read(t, server.Mails()[0].Text)
	if len(header["Bcc"]) != 0 || len(header["Subject"]) != 1 || body != "body\n" {
		t.Errorf("header %v\nbody %s", header, body)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || strings.Count(subject, "Bcc: eve@example.org") != 6 || strings.ContainsAny(subject, "\r\n\x00") {
		t.Errorf("subject %q, %v", subject, err)
	}
	for _, to := range []string{evil, "ada@example.org\r\nBcc: eve@example.org", "ada@example.org>\nRCPT TO:<eve@example.org", ""} {
		one.To = to
		if err := m.Send(context.Background(), one); !errors.Is(err, outbox.ErrRefused) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if got := server.Mails(); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
}

func TestNew_WhatIsWrong(t *testing.T) {
	good := mail.Options{Server: "smtp://mail.example.com", From: "keys@example.com"}
	for name, change := range map[string]func(*mail.Options){
		"--smtp is not the address of a mail server": func(o *mail.Options) { o.Server = "mail.example.com:25" },
		"--smtp is not the address":                  func(o *mail.Options) { o.Server = "smtp://" },
		"--smtp is not":                              func(o *mail.Options) { o.Server = "http://mail.example.com" },
		"--smtp names a port that is none":           func(o *mail.Options) { o.Server = "smtp://mail.example.com:99999" },
		"There is a password in --smtp":              func(o *mail.Options) { o.Server = "smtp://keys:hunter2@mail.example.com" },
		"Only one of a user in --smtp and":           func(o *mail.Options) { o.Server = "smtp://keys@mail.example.com" },
		"Only one of a user":                         func(o *mail.Options) { o.PasswordFile = secretFile(t, "x") },
		"The password of the mail server":            func(o *mail.Options) { o.Server, o.PasswordFile = "smtp://keys@mail.example.com", "none" },
		"has no password in it": func(o *mail.Options) {
			o.Server, o.PasswordFile = "smtp://keys@mail.example.com", secretFile(t, "\n")
		},
		"The certificate authorities of --smtp-ca-file": func(o *mail.Options) { o.CAFile = "none" },
		"has no certificate in it":                      func(o *mail.Options) { o.CAFile = secretFile(t, "x") },
		"--mail-from is not an address":                 func(o *mail.Options) { o.From = "keys" },
		"--mail-from is not":                            func(o *mail.Options) { o.From = "a@example.com\r\nBcc: b@example.com" },
		"The folder of --mail-templates":                func(o *mail.Options) { o.Templates = "none" },
	} {
		o := good
		change(&o)
		_, err := mail.New(o)
		if keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := mail.New(good); err != nil {
		t.Error(err)
	}
}

func TestNew_Templates(t *testing.T) {
	for _, one := range []struct{ name, text, want string }{
		{"key-disabled.txt", "Subject: Off\n\nIt is off, {{.Login}}.\n{{template \"foot\" .}}", ""},
		{"foot.txt", "Bye.\n", ""},
		{"README", "no text", ""},
		{"key-disabled.txt", "Subject: Off\n\n{{.Login", "key-disabled cannot be used"},
		{"key-disabled.txt", "Subject: Off\n\n{{.Secret}}", "key-disabled cannot be used"},
		{"key-disabled.txt", "It is off.", `begin with "Subject: " and an empty line`},
		{"key-disabled.txt", "Subject: Off\nIt is off.", `begin with "Subject: " and an empty line`},
		{"key-disabled.txt", "Subject: {{.Actor}}\n\nIt is off.", `begin with "Subject: " and an empty line`}, // nobody may have done it
		{"key-disabled.txt", "", `begin with "Subject: " and an empty line`},
		{"foot.txt", "{{template \"none\"}}", "cannot be used"},
		{"foot.txt", "{{", "foot cannot be used"},
		{"key-dissabled.txt", "Subject: Off\n\nIt is off.", "is the text of no mail"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, one.name), []byte(one.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := mail.New(mail.Options{Server: "smtp://mail.example.com", From: "keys@example.com", Templates: dir})
		if one.want == "" && err != nil || one.want != "" && (keyapi.CodeOf(err) != keyapi.CodeUsage || !strings.Contains(err.Error(), one.want)) {
			t.Errorf("%s %q: %v", one.name, one.text, err)
		}
	}
}

func TestSend_OperatorsText_ReplacesOne(t *testing.T) {
	server := testkit.StartMailServer(t, testkit.MailServerOptions{})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key-disabled.txt"), []byte("Subject: Schlüssel aus\n\n{{.Login}}: {{.AccessKey}} ist aus.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := mailer(t, mail.Options{Server: "smtp://" + server.Address, Templates: dir})
	for _, kind := range []notice.Kind{notice.KeyDisabled, notice.KeyDeleted} {
		if err := m.Send(context.Background(), letter(kind)); err != nil {
			t.Fatal(err)
		}
	}
	header, body := read(t, server.Mails()[0].Text)
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || subject != "Schlüssel aus" || body != "ada: AK0123 ist aus.\n" {
		t.Errorf("%q (%v)\n%s", subject, err, body)
	}
	if _, body := read(t, server.Mails()[1].Text); !strings.Contains(body, "was deleted") {
		t.Errorf("the other one: %s", body)
	}
}

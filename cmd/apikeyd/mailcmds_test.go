package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// mailServerKey is where a script has its mail server.
type mailServerKey struct{}

// takesMails is a mail server, and what it has stalled.
type takesMails struct {
	*testkit.MailServer
	reached <-chan struct{}
}

// mailServer starts a mail server: smtp. $SMTP is then its address, for --smtp.
func mailServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: smtp")
	}
	server, stop, err := testkit.RunMailServer(testkit.MailServerOptions{})
	ts.Check(err)
	ts.Defer(stop)
	ts.Value(mailServerKey{}).(*takesMails).MailServer = server
	ts.Setenv("SMTP", "smtp://"+server.Address)
}

// mail waits until there is a mail that has all of some texts: mail TEXT ... With ! it expects that there is none now.
func mail(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: mail TEXT ...")
	}
	server := ts.Value(mailServerKey{}).(*takesMails)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		found := false
		for _, m := range server.Mails() {
			all := true
			for _, text := range args {
				all = all && strings.Contains(m.Text, text)
			}
			found = found || all
		}
		switch {
		case found && neg:
			ts.Fatalf("there is a mail with %q", args)
		case found || neg:
			return
		case time.Now().After(deadline):
			ts.Fatalf("there is no mail with %q: %+v\n%s", args, server.Mails(), ts.ReadFile("server.log"))
		}
	}
}

// mails expects a number of mails: mails N.
func mails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mails N")
	}
	if got := ts.Value(mailServerKey{}).(*takesMails).Mails(); strconv.Itoa(len(got)) != args[0] {
		ts.Fatalf("%d mails, want %s: %+v", len(got), args[0], got)
	}
}

// stall makes the mail server answer no more: stall. With a word it waits until that holds up a mail: stall reached.
func stall(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(mailServerKey{}).(*takesMails)
	switch {
	case neg || len(args) > 1 || len(args) == 1 && args[0] != "reached":
		ts.Fatalf("usage: stall [reached]")
	case len(args) == 0:
		server.reached = server.Stall()
	default:
		select {
		case <-server.reached:
		case <-time.After(patience):
			ts.Fatalf("no mail came")
		}
	}
}

// resume makes a stalled mail server go on: resume.
func resume(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: resume")
	}
	ts.Value(mailServerKey{}).(*takesMails).Resume()
}

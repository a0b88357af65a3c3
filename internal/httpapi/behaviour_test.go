package httpapi_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/keyapitest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// newClient gives the client of the key API for a service, with its session.
func (s *service) newClient() *keyapi.Client {
	s.t.Helper()
	c, err := keyapi.NewClient(keyapi.ClientOptions{
		Server: s.url, Session: keyapi.NewSecret(s.session), UserAgent: "suite/1.0", Transport: s.client.Transport,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// subject gives a signed-in account. When the time moves it signs in again: a session does not last as long as a key.
func (s *service) subject() keyapitest.Subject {
	c := s.newClient()
	return keyapitest.Subject{API: c, Login: login, Advance: func(d time.Duration) {
		s.clock.advance(d)
		s.signIn()
		c.SetSession(keyapi.NewSecret(s.session))
	}}
}

func TestBehaviour_WithoutMFA(t *testing.T) {
	keyapitest.Run(t, func(t *testing.T) keyapitest.Subject {
		s := serve(t, false, nil)
		s.signIn()
		return s.subject()
	})
}

func TestBehaviour_WithMFA(t *testing.T) {
	keyapitest.Run(t, func(t *testing.T) keyapitest.Subject {
		s := serve(t, true, nil)
		s.signIn()
		s.enrol()
		return s.subject()
	})
}

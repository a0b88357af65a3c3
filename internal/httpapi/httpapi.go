// Package httpapi is the key API over HTTP: it turns requests into calls of the key service and of the accounts, and
// what they give into replies. docs/openapi.yaml is generated from it.
//
// No rule of the key and none of signing in may enter, and nothing that listens: where a request comes from and whether
// it was encrypted is for the program that serves.
package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/keyservice"
)

// Metrics is told of every request that was answered.
type Metrics interface {
	// Observe takes the route as it is in docs/openapi.yaml ("" if none matched), the method ("" if it is none that
	// HTTP knows), the status and how long the answer took.
	Observe(route, method string, status int, took time.Duration)
}

// Options are what the API takes from outside.
type Options struct {
	Keys        *keyservice.Service
	Accounts    *accounts.Service
	MFARequired bool   // what the account object says of it; the rule itself is the key service's policy
	Issuer      string // names the service in challenges: the URL it is reached under

	Ready         func(context.Context) error // whether requests can be served now; nil = always
	ClientAddress func(*http.Request) string  // where a request comes from; nil = the other end of the connection
	Metrics       Metrics                     // nil = nobody counts

	// Routes adds routes of other packages, if it is not nil. They are served as ours are: named, measured, counted and
	// recovered, their bodies limited. What they answer is theirs to say.
	Routes func(*http.ServeMux)

	Now    func() time.Time
	Random io.Reader // crypto/rand.Reader outside of tests
	Log    *slog.Logger

	// Requests is where requests are told, if that is not Log: what is told there may be late, an error may not.
	Requests *slog.Logger
}

// server is the API. It has no state of its own.
type server struct {
	Options
	mux *http.ServeMux
	api huma.API
}

// New gives the API as a handler, safe for concurrent use. It reads a whole request before it looks at it: the server
// around it must limit how long that may take.
func New(o Options) http.Handler { return newServer(o) }

func newServer(o Options) *server {
	if o.ClientAddress == nil {
		o.ClientAddress = peer
	}
	if o.Requests == nil {
		o.Requests = o.Log
	}
	s := &server{Options: o, mux: http.NewServeMux()}
	s.api = newAPI(s.mux)
	s.keyRoutes()
	s.eventRoutes()
	s.sessionRoutes()
	s.accountRoutes()
	s.mfaRoutes()
	s.healthRoutes()
	if o.Routes != nil {
		o.Routes(s.mux)
	}
	return s
}

// peer gives the address of the other end of the connection, without its port.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

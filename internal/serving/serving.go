// Package serving keeps HTTP servers up: where they may listen, their limits, certificates that are replaced while they
// run, who a client behind proxies is, and an end in good order. It knows nothing of what is served.
package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The limits of every server. A request is a few hundred bytes and takes milliseconds; what is slower or larger is a
// mistake or an attack.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 15 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 16 << 10
	maxConnections = 4096
)

// Server is one HTTP server that listens.
type Server struct {
	http     *http.Server
	listener net.Listener
	address  string
}

// Options say what a server serves and how.
type Options struct {
	Listen      string       // host:port; port 0 = any that is free
	Handler     http.Handler // what is served
	Certificate *Certificate // nil = plain HTTP
	Log         *slog.Logger // for what net/http has to say
}

// Listen takes the port. Nothing is answered before Serve. Error: CodeUnavailable if the address cannot be had.
func Listen(ctx context.Context, o Options) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, &keyapi.Error{
			Code: keyapi.CodeUnavailable, Message: "Nothing can listen on " + o.Listen, Err: err,
			Hint: "See whether another program listens there, or name another address.",
		}
	}
	scheme := "http://"
	server := &http.Server{
		Handler: o.Handler, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
	}
	address := listener.Addr().String()
	listener = netutil.LimitListener(listener, maxConnections)
	if o.Certificate != nil {
		scheme = "https://"
		server.TLSConfig = &tls.Config{GetCertificate: o.Certificate.get, MinVersion: tls.VersionTLS12}
	}
	return &Server{http: server, listener: listener, address: scheme + address}, nil
}

// Address gives the URL of the server, with the port it really has.
func (s *Server) Address() string { return s.address }

// Serve answers until Stop is called, and gives why it ended if it was anything else.
func (s *Server) Serve() error {
	var err error
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(s.listener, "", "") // the certificate comes from the configuration
	} else {
		err = s.http.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// LetGo ends every connection with the reply to its next request, and goes on taking new ones.
func (s *Server) LetGo() { s.http.SetKeepAlivesEnabled(false) }

// Stop takes no new connections, waits until the requests in hand are answered, and closes. When the context ends it
// waits no longer, cuts off what is left and gives the context's error.
func (s *Server) Stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	_ = s.listener.Close() // net/http does not know of it before Serve
	if err != nil {
		_ = s.http.Close()
	}
	return err
}

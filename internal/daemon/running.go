package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/mail"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// upkeepEvery is how often the uses of keys are written, and the files of the certificate looked at.
const upkeepEvery = 5 * time.Second

// signingKeysEvery is how often the signing keys are read again. A new one is published for accesstoken.PublicationLead
// before it signs, and may be in the caches of clients for half of that.
const signingKeysEvery = time.Minute

// stopPatience is how long requests in hand may take when the server ends: no reply takes longer.
const stopPatience = 30 * time.Second

// mailPatience is how long the mail in hand may take once all requests are answered: a mail server that is well has
// answered too.
const mailPatience = 5 * time.Second

// readyPatience is how long the database may take to say that it is there: who asks whether requests can be served, asks
// again soon.
const readyPatience = 2 * time.Second

// running is a service that listens.
type running struct {
	log         *slog.Logger
	servers     []*serving.Server    // that of the API first
	certificate *serving.Certificate // nil = plain HTTP
	notify      func(state string) error
	service     service
	drain       time.Duration
	getenv      func(string) string
	ending      *atomic.Bool          // no longer ready
	sendMails   func(context.Context) // until the context ends, or the mail in hand is sent after lastMail was closed
	lastMail    chan struct{}         // closed: no mail is begun any more
	mailsOver   chan struct{}         // closed: sendMails has returned
}

// listen builds the service of an open folder and takes its ports. mailer is nil where no mails are sent.
func (s *session) listen(ctx context.Context, data *datadir.Service, mailer *mail.Mailer) (*running, error) {
	r := &running{
		log: s.log, drain: s.config.Drain, getenv: s.env.Getenv, ending: &atomic.Bool{},
		lastMail: make(chan struct{}), mailsOver: make(chan struct{}),
		notify: func(state string) error { return serving.Notify(s.env.Getenv("NOTIFY_SOCKET"), state) },
	}
	if s.config.TLSCert != "" {
		var err error
		if r.certificate, err = serving.LoadCertificate(s.config.TLSCert, s.config.TLSKey); err != nil {
			return nil, err
		}
	}
	// The API needs to know where it listens, which is known once it does.
	late := &lateHandler{}
	main, err := serving.Listen(ctx, serving.Options{Listen: s.config.Listen, Handler: late, Certificate: r.certificate, Log: s.log})
	if err != nil {
		return nil, err
	}
	r.servers = []*serving.Server{main}
	counts := metrics.New()
	if s.config.MetricsListen != "" {
		other, err := serving.Listen(ctx, serving.Options{Listen: s.config.MetricsListen, Handler: counts.Handler(), Log: s.log})
		if err != nil {
			return nil, errors.Join(err, main.Stop(ctx))
		}
		r.servers = append(r.servers, other)
		s.log.Info("metrics on "+other.Address()+"/metrics", "address", other.Address())
	}
	if r.service, err = s.service(ctx, data, main.Address(), counts, r.readiness(data.DB)); err != nil {
		for _, server := range r.servers {
			err = errors.Join(err, server.Stop(ctx))
		}
		return nil, err
	}
	late.Handler = r.service
	r.sendMails = s.sendMails(data, mailer, counts, r.lastMail)
	return r, nil
}

// lateHandler is a handler that is known before anything is served, but after it is named.
type lateHandler struct{ http.Handler }

// readiness tells whether requests can be served: the service is not ending, and the database answers.
func (r *running) readiness(db datadir.Database) func(context.Context) error {
	return func(ctx context.Context) error {
		if r.ending.Load() {
			return errors.New("it is ending")
		}
		ctx, stop := context.WithTimeout(ctx, readyPatience)
		defer stop()
		return db.Ping(ctx)
	}
}

// run serves until a signal ends it, or a server fails.
func (r *running) run(ctx context.Context, signals <-chan os.Signal) error {
	failed := make(chan error, len(r.servers))
	for _, server := range r.servers {
		go func() { failed <- server.Serve() }()
	}
	address := r.servers[0].Address()
	r.log.Info("listening on "+address, "address", address)
	if err := r.notify(serving.Ready); err != nil {
		r.log.Warn("the service manager cannot be told", "error", err)
	}
	defer keepRoom(r.getenv)()
	defer r.service.requests.Flush()
	stopped := r.keepWatch(ctx)
	defer stopped()
	mailing, cutOff := context.WithCancel(ctx)
	go func() {
		defer close(r.mailsOver)
		r.sendMails(mailing)
	}()
	defer func() {
		cutOff()
		<-r.mailsOver
	}()
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	signingKeys := time.NewTicker(signingKeysEvery)
	defer signingKeys.Stop()
	for {
		select {
		case <-tick.C:
			r.upkeep(ctx)
		case <-signingKeys.C:
			r.readSigningKeys(ctx)
		case err := <-failed:
			return errors.Join(err, r.end(ctx, signals))
		case signal := <-signals:
			if signal == syscall.SIGHUP {
				r.reload(ctx)
				continue
			}
			r.log.Info("ending", "signal", signal.String())
			return r.end(ctx, signals)
		}
	}
}

// keepWatch asks the database what changed, until the function it gives is called. That it does not answer is told once.
func (r *running) keepWatch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var lost atomic.Bool
	var done sync.WaitGroup
	done.Go(func() {
		r.service.watch.Run(ctx, func(err error) {
			switch {
			case err != nil && !lost.Swap(true):
				r.log.Error("the database does not say what changed: keys are read from it, if it can be read", "error", err)
			case err == nil && lost.Swap(false):
				r.log.Info("the database says again what changed")
			}
		})
	})
	return func() { cancel(); done.Wait() }
}

// upkeep is what is done every few seconds.
func (r *running) upkeep(ctx context.Context) {
	if err := r.service.flush(ctx); err != nil {
		r.log.Error("the uses of keys could not be written", "error", err)
	}
	if r.certificate == nil {
		return
	}
	switch replaced, err := r.certificate.Refresh(); {
	case err != nil:
		r.log.Error("the certificate was not replaced", "error", err)
	case replaced:
		r.log.Info("the certificate was replaced")
	}
}

// readSigningKeys reads the signing keys again. Those in use stay if that fails.
func (r *running) readSigningKeys(ctx context.Context) (done bool) {
	err := r.service.reload(ctx)
	if err != nil {
		r.log.Error("the signing keys could not be read again", "error", err)
	}
	return err == nil
}

// reload is what a hang-up asks for.
func (r *running) reload(ctx context.Context) {
	if r.readSigningKeys(ctx) {
		r.log.Info("the signing keys were read again")
	}
	if r.certificate == nil {
		return
	}
	if err := r.certificate.Reload(); err != nil {
		r.log.Error("the certificate was not replaced", "error", err)
		return
	}
	r.log.Info("the certificate was read again")
}

// drained serves on for a while, so that a load balancer finds out from /readyz before connections are refused. Every
// reply ends its connection.
func (r *running) drained(ctx context.Context) {
	for _, server := range r.servers {
		server.LetGo()
	}
	if r.drain == 0 {
		return
	}
	select {
	case <-time.After(r.drain):
	case <-ctx.Done():
	}
}

// end answers the requests in hand and sends the mail in hand, or is told by another signal not to wait for them, and
// writes what is in memory. Error: CodeInterrupted after another signal.
func (r *running) end(ctx context.Context, signals <-chan os.Signal) error {
	r.ending.Store(true)
	close(r.lastMail)
	_ = r.notify(serving.Stopping) // it was told that we are here, or has been complained about
	patience, cancel := context.WithTimeoutCause(ctx, r.drain+stopPatience, errors.New("their time is over"))
	defer cancel()
	atOnce := make(chan struct{})
	go func() {
		for {
			select {
			case signal := <-signals:
				if signal == syscall.SIGHUP {
					continue
				}
				close(atOnce)
				cancel()
			case <-patience.Done():
			}
			return
		}
	}()
	r.drained(patience)
	var err error
	for _, server := range r.servers {
		err = errors.Join(err, server.Stop(patience))
	}
	select { // a mail that is cut off may be at the mail server already, and would be sent again
	case <-r.mailsOver:
	case <-time.After(mailPatience):
	case <-patience.Done():
	}
	flushed := r.service.flush(ctx)
	select {
	case <-atOnce:
		return errors.Join(flushed, keyapi.Errorf(keyapi.CodeInterrupted, "Interrupted again: requests in hand were cut off", ""))
	default:
	}
	if err != nil {
		r.log.Warn("requests in hand were cut off", "cause", context.Cause(patience))
	}
	r.service.requests.Flush()
	r.log.Info("ended")
	return flushed
}

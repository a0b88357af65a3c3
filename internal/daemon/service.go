package daemon

import (
	"context"
	"net/http"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/keystate"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/oauthapi"
	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/internal/store"
)

// cachedTokens is how many tokens are remembered to be ours: some 50 MiB when they have all been seen.
const cachedTokens = 1 << 20

// service is what answers requests, and what must be done for it now and then.
type service struct {
	http.Handler
	requests *requestLog
	watch    *keystate.Watch             // what is known of the database
	flush    func(context.Context) error // writes the uses of keys that are still in memory
	reload   func(context.Context) error // reads the signing keys, which another process may have rotated
}

// service puts the parts of the key service together. address is where it listens; ready says whether it can serve now.
func (s *session) service(
	ctx context.Context, data *datadir.Service, address string, counts *metrics.Metrics,
	ready func(context.Context) error,
) (service, error) {
	issuer := s.config.Issuer
	if issuer == "" {
		issuer = address
	}
	watch := keystate.NewWatch(data.DB, s.env.Now)
	if err := watch.Poll(ctx); err != nil {
		return service{}, err
	}
	db := watch.Store() // whatever is written must go through it
	keys := s.keys(db, data.Key)
	keys.Remember(keystate.NewKeys(watch, s.config.CachedKeys))
	options := s.authOptions(db, data.Key, keys, issuer)
	options.Watch, options.Remember = watch, cachedTokens
	tokens, err := authserver.Open(ctx, options)
	if err != nil {
		return service{}, err
	}
	people := s.accountOptions(data)
	people.Store, people.Issuer, people.Log = db, issuer, s.log
	client := serving.ClientAddress(s.config.TrustedProxies)
	requests := &requestLog{to: s.env.IO.Err}
	return service{
		Handler: httpapi.New(httpapi.Options{
			Keys: keys, Accounts: accounts.New(people), MFARequired: s.config.MFARequired, Issuer: issuer, Ready: ready,
			ClientAddress: client, Metrics: counts, Now: s.env.Now, Random: s.env.Random, Log: s.log,
			Requests: requests.logger(s.config.LogLevel),
			Routes: func(mux *http.ServeMux) {
				oauthapi.Routes(mux, oauthapi.Options{
					Server: tokens, Issuer: issuer, ClientAddress: client, Log: s.log,
				})
			},
		}),
		requests: requests, watch: watch, flush: keys.DeferUses(), reload: tokens.Reload,
	}, nil
}

// keys gives the key service of a database.
func (s *session) keys(db store.Store, key masterkey.Key) *keyservice.Service {
	policy := keyservice.Policy{MFARequired: s.config.MFARequired, Contact: s.config.Contact, Notices: true}
	return keyservice.New(db, key, policy, s.env.Now, s.env.Random)
}

// authOptions are those of the authorization server of a database.
func (s *session) authOptions(db store.Store, key masterkey.Key, keys *keyservice.Service, issuer string) authserver.Options {
	return authserver.Options{
		Store: db, Key: key, Keys: keys, Issuer: issuer, Now: s.env.Now, Random: s.env.Random, Log: s.log,
	}
}

// withAuthServer runs fn with the authorization server of the folder. The first one on a database makes its signing key.
// It gives no tokens, so that its issuer is no matter.
func (s *session) withAuthServer(ctx context.Context, fn func(*authserver.Server) error) error {
	return s.withData(ctx, func(data *datadir.Service) error {
		server, err := s.openAuthServer(ctx, data)
		if err != nil {
			return err
		}
		return fn(server)
	})
}

func (s *session) openAuthServer(ctx context.Context, data *datadir.Service) (*authserver.Server, error) {
	return authserver.Open(ctx, s.authOptions(data.DB, data.Key, s.keys(data.DB, data.Key), s.config.Issuer))
}

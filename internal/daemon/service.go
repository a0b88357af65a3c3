package daemon

import (
	"context"
	"net/http"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/authserver"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/oauthapi"
	"github.com/apikey-cli/apikey/internal/serving"
)

// service is what answers requests, and what must be done for it now and then.
type service struct {
	http.Handler
	flush  func(context.Context) error // writes the uses of keys that are still in memory
	reload func(context.Context) error // reads the signing keys, which another process may have rotated
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
	keys := s.keys(data)
	tokens, err := s.authServer(ctx, data, keys, issuer)
	if err != nil {
		return service{}, err
	}
	people := s.accountOptions(data)
	people.Issuer, people.Log = issuer, s.log
	client := serving.ClientAddress(s.config.TrustedProxies)
	return service{
		Handler: httpapi.New(httpapi.Options{
			Keys: keys, Accounts: accounts.New(people), MFARequired: s.config.MFARequired, Issuer: issuer, Ready: ready,
			ClientAddress: client, Metrics: counts, Now: s.env.Now, Random: s.env.Random, Log: s.log,
			Routes: func(mux *http.ServeMux) {
				oauthapi.Routes(mux, oauthapi.Options{
					Server: tokens, Issuer: issuer, ClientAddress: client, Log: s.log,
				})
			},
		}),
		flush: keys.DeferUses(), reload: tokens.Reload,
	}, nil
}

// keys gives the key service of an open folder.
func (s *session) keys(data *datadir.Service) *keyservice.Service {
	policy := keyservice.Policy{MFARequired: s.config.MFARequired, Contact: s.config.Contact, Notices: true}
	return keyservice.New(data.DB, data.Key, policy, s.env.Now, s.env.Random)
}

// authServer gives the authorization server of an open folder. The first one on a database makes its signing key.
func (s *session) authServer(
	ctx context.Context, data *datadir.Service, keys *keyservice.Service, issuer string,
) (*authserver.Server, error) {
	return authserver.Open(ctx, authserver.Options{
		Store: data.DB, Key: data.Key, Keys: keys, Issuer: issuer, Now: s.env.Now, Random: s.env.Random, Log: s.log,
	})
}

// withAuthServer runs fn with the authorization server of the folder. It gives no tokens, so that its issuer is no
// matter.
func (s *session) withAuthServer(ctx context.Context, fn func(*authserver.Server) error) error {
	return s.withData(ctx, func(data *datadir.Service) error {
		server, err := s.authServer(ctx, data, s.keys(data), s.config.Issuer)
		if err != nil {
			return err
		}
		return fn(server)
	})
}

package daemon

import (
	"context"
	"net/http"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/metrics"
	"github.com/apikey-cli/apikey/internal/serving"
)

// service puts the parts of the key service together. address is where it listens; ready says whether it can serve now.
// It gives what answers requests, and what writes the uses of keys that are still in memory.
func (s *session) service(data *datadir.Service, address string, counts *metrics.Metrics, ready func(context.Context) error) (
	handler http.Handler, flush func(context.Context) error,
) {
	issuer := s.config.Issuer
	if issuer == "" {
		issuer = address
	}
	policy := keyservice.Policy{MFARequired: s.config.MFARequired, Contact: s.config.Contact}
	keys := keyservice.New(data.DB, data.Key, policy, s.env.Now, s.env.Random)
	people := s.accountOptions(data)
	people.Issuer, people.Log = issuer, s.log
	return httpapi.New(httpapi.Options{
		Keys: keys, Accounts: accounts.New(people), MFARequired: s.config.MFARequired, Issuer: issuer, Ready: ready,
		ClientAddress: serving.ClientAddress(s.config.TrustedProxies), Metrics: counts,
		Now: s.env.Now, Random: s.env.Random, Log: s.log,
	}), keys.DeferUses()
}

package daemon

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// healthPatience is how long an answer may take. Containers ask again.
const healthPatience = 3 * time.Second

func healthcheckCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the service on this machine whether it is alive; for containers",
		Long: "Asks the service that listens on the address of --listen whether it is alive.\n" +
			"Exit status: 0 alive, 1 not.",
		Example:           "  apikeyd healthcheck --listen 127.0.0.1:8750",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.runs(healthcheck),
	}
	cmd.Flags().SortFlags = false
	for _, s := range settings {
		if s.name == "listen" || s.name == "tls-cert" || s.name == "tls-key" {
			s.addFlag(cmd, cmd.Flags())
		}
	}
	return cmd
}

func healthcheck(ctx context.Context, s *session, _ []string) error {
	if err := serving.Exposure(s.config.Listen, true, true); err != nil { // the form of the address alone
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	status, err := s.health(ctx)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("it answers with status %d", status)
	}
	if err != nil {
		return &keyapi.Error{Code: keyapi.CodeInternal, Message: "The service is not alive", Err: err, Hint: "See its log."}
	}
	s.notice("The service is alive.")
	return nil
}

// health asks the server and gives the status of its answer. The name in the certificate is that of the service, not of
// this machine; nothing is sent that anybody could want, so the certificate is not looked at.
func (s *session) health(ctx context.Context) (int, error) {
	scheme := "http://"
	if s.config.TLSCert != "" {
		scheme = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+reachable(s.config.Listen)+"/healthz", nil)
	if err != nil {
		return 0, err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	reply, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}

// reachable gives an address under which a server on this machine is reached that listens on an address: one that stands
// for every interface is none.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if host == "" || host == netip.IPv4Unspecified().String() {
		host = "127.0.0.1"
	}
	if host == netip.IPv6Unspecified().String() {
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

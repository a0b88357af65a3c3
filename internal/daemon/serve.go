package daemon

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/serving"
)

func serveCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the key API",
		Long: "Serves the key API until it is interrupted or terminated. Then it takes no new\n" +
			"connections and answers the requests in hand, for at most 30 seconds; a second\n" +
			"signal ends it at once. A hang-up makes it read its certificate and its signing\n" +
			"keys again.\n\n" +
			"A setting is a flag, else a variable (--tls-cert: APIKEYD_TLS_CERT), else a\n" +
			"line in the file of --config (tls-cert: FILE).",
		Example:           "  apikeyd serve\n  apikeyd serve --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              env.runs(serve),
	}
	cmd.Flags().SortFlags = false
	for _, s := range settings {
		if !s.everywhere {
			s.addFlag(cmd, cmd.Flags())
		}
	}
	return cmd
}

func serve(ctx context.Context, s *session, _ []string) (err error) {
	if err := serving.Exposure(s.config.Listen, s.config.TLSCert != "", s.config.BehindProxy); err != nil {
		return err
	}
	mailer, err := s.mailer()
	if err != nil {
		return err
	}
	signals, stop := s.env.Signals() // from here on nothing is cut off
	defer stop()
	data, err := s.config.Place().Make(ctx, s.env.Random)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.DB.Close()) }()
	if s.config.Place().KeyExposed() {
		s.log.Warn("others than its owner may read master.key: its mode should be 0600", "folder", s.config.Place().Dir)
	}
	if err := s.tellByMail(ctx, data.DB, mailer != nil); err != nil {
		return err
	}
	r, err := s.listen(ctx, data, mailer)
	if err != nil {
		return err
	}
	return r.run(ctx, signals)
}

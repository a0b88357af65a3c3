package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/internal/render"
)

// session is one run of one command: the settings settled, the streams dressed.
type session struct {
	env    *Env
	config Config
	out    *render.Printer
	log    *slog.Logger
}

// start settles the settings of a run. It opens nothing.
func (e *Env) start(cmd *cobra.Command) (*session, error) {
	config, err := Load(cmd.Flags(), e.Getenv, e.GOOS)
	if err != nil {
		return nil, err
	}
	return &session{
		env: e, config: config,
		out: &render.Printer{Out: e.IO.Out, TTY: e.IO.OutTTY, Color: e.IO.Color, Width: e.IO.Width, JSON: config.JSON, Now: e.Now},
		log: slog.New(slog.NewJSONHandler(e.IO.Err, &slog.HandlerOptions{Level: config.LogLevel})),
	}, nil
}

// runs makes the run of a command.
func (e *Env) runs(fn func(ctx context.Context, s *session, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := e.start(cmd)
		if err != nil {
			return err
		}
		return fn(cmd.Context(), s, args)
	}
}

// notice writes a line for the person, beside the result. Programs that read JSON get none.
func (s *session) notice(text string) {
	if !s.out.JSON {
		_, _ = fmt.Fprintln(s.env.IO.Err, text)
	}
}

// asker asks people; instead is the command to run where nobody may be asked.
func (s *session) asker(instead string) *popup.Asker {
	ci := s.env.Getenv("CI")
	return popup.New(s.env.IO, popup.Options{CI: ci != "" && ci != "false", Instead: instead})
}

// withData opens the folder of the service, which must be one, and closes it after fn.
func (s *session) withData(ctx context.Context, fn func(*datadir.Service) error) error {
	data, err := s.config.Place().Open(ctx, s.env.Random)
	if err != nil {
		return err
	}
	return errors.Join(fn(data), data.DB.Close())
}

// accounts gives the accounts of an open folder. Beside a server on the same database they are two of one kind.
func (s *session) accounts(data *datadir.Service) *accounts.Service {
	return accounts.New(s.accountOptions(data))
}

func (s *session) accountOptions(data *datadir.Service) accounts.Options {
	return accounts.Options{
		Store: data.DB, Key: data.Key, MFARequired: s.config.MFARequired, Contact: s.config.Contact, Issuer: s.config.Issuer,
		Now: s.env.Now, Random: s.env.Random,
	}
}

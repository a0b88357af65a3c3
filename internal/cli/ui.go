package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/panel"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// asker asks a person: the pop-ups on the error stream, or the panel.
type asker interface {
	MayAsk() bool
	Confirm(ctx context.Context, q popup.Question) error
	Ask(ctx context.Context, title string, fields ...popup.Field) ([]string, error)
}

func uiCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "ui",
		Short: "Open the API Access Key section as a panel on the terminal",
		Long: "Opens the page's API Access Key section on the whole terminal: the status with\n" +
			"its slider, the Access Key, the secret on request, the dates, and the buttons.\n" +
			"Every action asks as the page does. It needs a terminal; programs and screen\n" +
			"readers use apikey status and the other commands.",
		Example:           "  apikey ui",
		Args:              command.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return openPanel(env, cmd) },
	}
}

// openPanel runs the panel. Until it ends, it is what asks and what shows notices, in place of the error stream.
func openPanel(env *Env, cmd *cobra.Command) error {
	inPanel, streams := *env, *env.IO
	if out, ok := streams.Out.(*resultWriter); ok {
		streams.Out = out.Writer // the terminal itself: its size is asked of it
	}
	screen := streams
	shown := panel.New(&screen, env.Now)
	streams.Err, streams.ErrTTY, inPanel.IO = shown, streams.OutTTY, &streams // it asks where it is drawn
	s, err := inPanel.start(cmd)
	if err != nil {
		return err
	}
	if err := s.panelRefusal(inPanel.asker(cmd, s.settings)); err != nil {
		return err
	}
	s.popup = shown
	var debug bytes.Buffer
	if s.log.Enabled(cmd.Context(), slog.LevelDebug) { // its lines would be drawn over at once
		s.log = slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))
		defer func() { _, _ = env.IO.Err.Write(debug.Bytes()) }()
	}
	return s.changing(cmd.Context(), func(ctx context.Context, k keyed) error {
		if k.conn.Refuse != nil {
			if err := k.conn.Refuse(""); err != nil {
				return err
			}
		}
		// The panel is not on the screen yet: who must open a store first, for the session, is asked by a pop-up.
		k.popup = env.asker(cmd, s.settings)
		key, kept, err := k.look(ctx)
		k.popup = shown
		if err != nil {
			return err
		}
		section := panel.Section{
			Keys: k.keys, Key: key, Kept: kept, Environ: env.Environ, ASCII: !unicode(env.Getenv),
			Describe: func(err error) (message, hint string) {
				told := command.Advice(advised).Described(err)
				return told.Message, told.Hint
			},
		}
		if operation, _, found := k.keys.Unfinished(); found {
			section.Notice = "An earlier " + string(operation) + " was cut short. Do it again, or show the secret, to get its secret."
		}
		return shown.Run(ctx, section)
	})
}

// panelRefusal says why the panel can't be opened, nil if it can.
func (s *session) panelRefusal(asks *popup.Asker) error {
	why := asks.WhyNoScreen()
	if s.out.JSON {
		why = "--output json and --jq are for the other commands"
	}
	if why == "" {
		return nil
	}
	return keyapi.Errorf(keyapi.CodeUsage, "The panel can't be opened: "+why, "Run: apikey status")
}

// unicode tells whether the terminal's characters are Unicode's, by what POSIX says of the locale: the first of the
// three that is set counts. Where none is, nothing says otherwise.
func unicode(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := getenv(name); locale != "" {
			return strings.Contains(strings.ReplaceAll(strings.ToLower(locale), "-", ""), "utf8")
		}
	}
	return true
}

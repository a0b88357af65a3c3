package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The groups of the help.
const (
	groupRun    = "run"
	groupPeople = "people"
	groupTokens = "tokens"
	groupData   = "data"
	groupSetUp  = "set-up"
)

// New builds the command tree. Building it opens nothing.
func New(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "apikeyd",
		Short: "The key service behind apikey",
		Long: "apikeyd is the key service behind apikey: accounts, each with one API key, over\n" +
			"HTTP. It keeps everything in one folder; with --database only its master key\n" +
			"is there, and the rest in PostgreSQL.",
		Args:          command.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	version := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *version {
			return printVersion(env)
		}
		return cmd.Help()
	}
	root.SetIn(env.IO.In)
	root.SetOut(env.IO.Out)
	root.SetErr(env.IO.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return command.UsageError(cmd, err.Error()) })
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run the service:"},
		&cobra.Group{ID: groupPeople, Title: "Accounts:"},
		&cobra.Group{ID: groupTokens, Title: "Access tokens:"},
		&cobra.Group{ID: groupData, Title: "Data:"},
		&cobra.Group{ID: groupSetUp, Title: "Set up:"},
	)
	addGlobalFlags(root)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupRun, serveCommand(env), healthcheckCommand(env))
	add(groupPeople, accountCommand(env))
	add(groupTokens, resourceCommand(env), signingKeysCommand(env))
	add(groupData, migrateCommand(env), backupCommand(env), restoreCommand(env), copyCommand(env))
	add(groupSetUp, openAPICommand(env), versionCommand(env))
	command.AddBuiltIns(root, groupSetUp)
	return root
}

// Run runs a command line and writes its error, if any, to the error stream. It gives that error; Exit says which exit
// status is its.
func Run(ctx context.Context, env *Env, args []string) error {
	root := New(env)
	root.SetArgs(args)
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	var known *keyapi.Error
	if !started && !errors.As(err, &known) {
		err = command.UsageError(cmd, err.Error()) // cobra's own: an unknown command or a wrong argument
	}
	output, _ := cmd.Flags().GetString("output")
	asJSON := output == "json" || env.Getenv("APIKEYD_OUTPUT") == "json"
	command.Advice(advice).Report(env.IO.Err, env.IO.ErrColor, asJSON, err)
	return err
}

// complete gives a flag's values to the shell. No database may be asked for them.
func complete(cmd *cobra.Command, flag string, values ...string) {
	fn := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc(flag, fn); err != nil {
		panic(fmt.Errorf("flag %s: %w", flag, err)) // it is not there: a defect that every start would show
	}
}

// result is what a command gives: an object for programs, lines for people.
type result struct {
	object any
	title  string
	rows   [][]string
}

func (s *session) print(r result) error {
	if s.out.JSON {
		return s.out.Object(r.object)
	}
	return s.out.Fields(r.title, slices.DeleteFunc(r.rows, func(row []string) bool { return row[1] == "" }))
}

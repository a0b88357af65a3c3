package daemon

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
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
	root := env.program().Root()
	addGlobalFlags(root)
	command.Add(root, groupRun, serveCommand(env), healthcheckCommand(env))
	command.Add(root, groupPeople, accountCommand(env))
	command.Add(root, groupTokens, resourceCommand(env), signingKeysCommand(env))
	command.Add(root, groupData, migrateCommand(env), backupCommand(env), restoreCommand(env), copyCommand(env))
	command.Add(root, groupSetUp, openAPICommand(env), versionCommand(env))
	command.AddBuiltIns(root, groupSetUp)
	return root
}

func (e *Env) program() command.Program {
	return command.Program{
		Name:  "apikeyd",
		Short: "The key service behind apikey",
		Long: "apikeyd is the key service behind apikey: accounts, each with one API key, over\n" +
			"HTTP. It keeps everything in one folder; with --database only its master key\n" +
			"is there, and the rest in PostgreSQL.",
		IO: e.IO, Version: e.Version,
		Groups: []*cobra.Group{
			{ID: groupRun, Title: "Run the service:"},
			{ID: groupPeople, Title: "Accounts:"},
			{ID: groupTokens, Title: "Access tokens:"},
			{ID: groupData, Title: "Data:"},
			{ID: groupSetUp, Title: "Set up:"},
		},
	}
}

// Run runs a command line and writes its error, if any, to the error stream. It gives that error; Exit says which exit
// status is its.
func Run(ctx context.Context, env *Env, args []string) error {
	cmd, err := command.Execute(ctx, New(env), args, nil)
	if err == nil {
		return nil
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

package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Program is a program with commands.
type Program struct {
	Name, Short, Long string
	IO                *term.IO
	Version           func() Version
	Groups            []*cobra.Group // of its commands, in the order of the help
}

// Root makes the root of its command tree, which without a command prints the help, or with --version the version.
func (p Program) Root() *cobra.Command {
	root := &cobra.Command{
		Use: p.Name, Short: p.Short, Long: p.Long,
		Args:          NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
	}
	// Not cobra's own --version: its template would link text/template, and with that every method of every type.
	version := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *version {
			return p.PrintVersion()
		}
		return cmd.Help()
	}
	root.SetIn(p.IO.In)
	root.SetOut(p.IO.Out)
	root.SetErr(p.IO.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return UsageError(cmd, err.Error()) })
	root.AddGroup(p.Groups...)
	return root
}

// PrintVersion names the build in a line.
func (p Program) PrintVersion() error {
	_, err := fmt.Fprintln(p.IO.Out, p.Version().Line(p.Name))
	return err
}

// Add adds commands of a group.
func Add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// Execute runs a command line; begin is called before its command is (nil = nothing is). It gives the command that was
// run, or was being looked for, and its error. Error: CodeUsage for what is cobra's own, an unknown command or a wrong
// argument.
func Execute(ctx context.Context, root *cobra.Command, args []string, begin func(*cobra.Command)) (*cobra.Command, error) {
	root.SetArgs(args)
	started := false
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		started = true
		if begin != nil {
			begin(cmd)
		}
	}
	cmd, err := root.ExecuteContextC(ctx)
	var known *keyapi.Error
	if err != nil && !started && !errors.As(err, &known) {
		err = UsageError(cmd, err.Error())
	}
	return cmd, err
}

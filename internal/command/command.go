// Package command is what the command lines of apikey and apikeyd have in common and no command has to itself: errors as
// they are told, arguments, the version, help and completion that answer a wrong word with an error. It knows no settings
// and no service, and every start pays for what it imports.
package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// UsageError makes the error of a command line that is not one: CodeUsage.
func UsageError(cmd *cobra.Command, text string) error {
	first, _, _ := strings.Cut(text, "\n") // cobra's suggestions follow on lines of their own; the hint names the help
	return keyapi.Errorf(keyapi.CodeUsage, strings.ToUpper(first[:1])+first[1:], "See: "+cmd.CommandPath()+" --help")
}

// NoArgs refuses arguments; of the program itself, which has only commands, as NoSuchCommand does. Error: CodeUsage.
func NoArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return UsageError(cmd, "unknown argument "+Quote(args[0])+" for "+cmd.CommandPath())
	default:
		return NoSuchCommand(cmd, args)
	}
}

// NoSuchCommand refuses arguments of a command that only holds others, and names those that may have been meant. Error:
// CodeUsage.
func NoSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := keyapi.Errorf(keyapi.CodeUsage, "Unknown command "+Quote(args[0]), "See: "+cmd.CommandPath()+" --help")
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		prefix := cmd.CommandPath() + " "
		err.Hint = "Did you mean: " + prefix + strings.Join(near, ", "+prefix)
	}
	return err
}

// OneArg wants one argument and says what it is when it is missing. Error: CodeUsage.
func OneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return UsageError(cmd, what+" is missing")
		case len(args) > 1:
			return UsageError(cmd, "unknown argument "+Quote(args[1])+" for "+cmd.CommandPath())
		default:
			return nil
		}
	}
}

// Quote makes a word safe to paste into a POSIX shell.
func Quote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=/.:,@%+"
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// AddBuiltIns adds cobra's help and completion commands, which as they come answer a wrong word with the help and exit
// status 0.
func AddBuiltIns(root *cobra.Command, group string) {
	root.SetHelpCommand(&cobra.Command{
		Use:     "help [command]",
		Short:   "Help about any command",
		GroupID: group,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) == 0 {
				for _, sub := range cmd.Commands() {
					if sub.IsAvailableCommand() {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return NoArgs(cmd, rest)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	})
	root.SetCompletionCommandGroupID(group)
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args, cmd.RunE = NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

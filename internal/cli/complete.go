package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/profile"
)

// complete gives a flag's values to the shell. No keyring, network or database may be asked for them.
func complete(cmd *cobra.Command, flag string, fn cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, fn); err != nil {
		panic(err) // the flag is not there: a defect that every start would show
	}
}

func completeProfiles(env *Env) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		dirs, err := profile.FindDirs(env.Getenv, env.GOOS)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, err := profile.Names(dirs.Config)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// firstArg completes the first argument and no other.
func firstArg(fn cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return fn(cmd, args, typed)
	}
}

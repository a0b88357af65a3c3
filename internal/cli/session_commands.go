package cli

import "github.com/spf13/cobra"

func sessionCommand(env *Env) *cobra.Command {
	return group(cobra.Command{
		Use:   "session",
		Short: "Sessions of your account, and those for pipelines",
		Long: "Sessions of your account at the key service: those of people who signed in,\n" +
			"and those you make for pipelines, which may do what you allow them and no\n" +
			"more.",
	}, sessionCreateCommand(env), sessionListCommand(env), sessionRevokeCommand(env))
}

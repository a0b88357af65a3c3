package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The groups of the help.
const (
	groupManage = "manage"
	groupUse    = "use"
	groupSetUp  = "set-up"
)

// New builds the command tree. Building it opens nothing.
func New(env *Env) *cobra.Command {
	root := env.program().Root()
	root.SetFlagErrorFunc(flagError)
	addGlobalFlags(root, env)
	command.Add(root, groupManage, statusCommand(env), uiCommand(env), generateCommand(env), disableCommand(env),
		activateCommand(env), regenerateCommand(env), deleteCommand(env), checkCommand(env), historyCommand(env))
	command.Add(root, groupUse, secretCommand(env), tokenCommand(env), execCommand(env), importCommand(env),
		forgetCommand(env), storeCommand(env))
	command.Add(root, groupSetUp, loginCommand(env), logoutCommand(env), whoamiCommand(env), mfaCommand(env),
		sessionCommand(env), profileCommand(env), doctorCommand(env), versionCommand(env))
	root.AddCommand(errorsTopic())
	command.AddBuiltIns(root, groupSetUp)
	return root
}

func (e *Env) program() command.Program {
	return command.Program{
		Name:  "apikey",
		Short: "Manage the one API key of your account",
		Long: "apikey manages the one API key of your account from the terminal: see its\n" +
			"status, generate it, disable and activate it, regenerate and delete it. The\n" +
			"secret rests in the keyring of your system.",
		IO: e.IO, Version: e.Version,
		Groups: []*cobra.Group{
			{ID: groupManage, Title: "Manage the key:"},
			{ID: groupUse, Title: "Use the key:"},
			{ID: groupSetUp, Title: "Set up:"},
		},
	}
}

func addGlobalFlags(root *cobra.Command, env *Env) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringP("profile", "p", "", "`name` of the profile to use (default: the current one)")
	f.String("server", "", "`address` of the key service to use")
	f.String("ca-file", "", "trust the certificate authorities in this PEM `file` too")
	f.StringP("output", "o", "table", "`form` of the result: table or json")
	f.String("jq", "", "filter the JSON result with a jq `expression`")
	f.Bool("quiet", false, "print no notices, only the result")
	f.Bool("no-input", false, "never ask; fail where a question would be needed")
	f.Bool("no-color", false, "print no colours")
	f.Bool("accessible", false, "ask by plain lines, for screen readers")
	f.String("timeout", "30s", "longest `time` to wait for the service")
	f.Bool("debug", false, "print what is done; never a secret")
	complete(root, "profile", completeProfiles(env))
	complete(root, "server", cobra.NoFileCompletions)
	complete(root, "output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	complete(root, "timeout", cobra.FixedCompletions([]string{"10s", "30s", "2m"}, cobra.ShellCompDirectiveNoFileComp))
	complete(root, "jq", cobra.NoFileCompletions)
}

// Run runs a command line and writes its error, if any, to the error stream. It gives that error; Exit says which exit
// status is its. A panic is one too: Go's own end of it has the exit status of a wrong command line.
func Run(ctx context.Context, env *Env, args []string) (err error) {
	out := &resultWriter{Writer: env.IO.Out}
	env.IO.Out = out
	root := New(env)
	begin := func(cmd *cobra.Command) {
		if plain, _ := cmd.Flags().GetBool("no-color"); plain {
			env.IO.Color, env.IO.ErrColor = false, false
		}
	}
	defer func() {
		if value := recover(); value != nil {
			err = crashed(env, slices.Contains(args, "--debug"), value)
			env.report(root, args, err)
		}
	}()
	cmd, err := command.Execute(context.WithValue(ctx, argsKey{}, args), root, args, begin)
	if err == nil {
		err = out.failed
	}
	if err == nil {
		return nil
	}
	env.report(cmd, args, err)
	return err
}

// crashed makes the error of a panic. Of its value only what the runtime itself says is told, of any other its type: it
// could be anything. The traceback, which shows no content of memory, is printed on request.
func crashed(env *Env, debugging bool, value any) error {
	text := fmt.Sprintf("%T", value)
	if fault, ok := value.(runtime.Error); ok {
		text = fault.Error()
	}
	if debugging {
		_, _ = env.IO.Err.Write(debug.Stack())
	}
	return &keyapi.Error{Code: keyapi.CodeInternal, Message: "apikey broke off", Err: errors.New(text)}
}

// flagError tells of a flag that is wrong. Of a switch's wrong value pflag tells what a function of Go said.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool" {
		return command.UsageError(cmd, fmt.Sprintf("the value %q of --%s is neither true nor false", invalid.GetValue(), invalid.GetFlag().Name))
	}
	return command.UsageError(cmd, err.Error())
}

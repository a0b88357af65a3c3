package cli

import (
	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func profileCommand(env *Env) *cobra.Command {
	return group(cobra.Command{
		Use:   "profile",
		Short: "Profiles: one for each key service you use",
		Long: "Profiles: one for each key service you use, as sandbox and production. The\n" +
			"profile local is built in: the key service inside this program.",
	}, profileListCommand(env), profileUseCommand(env), profileAddCommand(env), profileShowCommand(env), profileRemoveCommand(env))
}

// existing gives the profile of a name. Error: CodeUsage if it is not there.
func (s *session) existing(name string) (profile.Entry, error) {
	e, found, err := profile.Find(s.settings.Config, name)
	if err == nil && !found {
		err = keyapi.Errorf(keyapi.CodeUsage, "There is no profile "+command.Quote(name), "See them with: apikey profile list")
	}
	return e, err
}

// written gives an error of writing the configuration its code; nil stays nil.
func written(err error) error {
	if err == nil {
		return nil
	}
	return &keyapi.Error{
		Code: keyapi.CodeUsage, Message: "The configuration could not be written", Err: err,
		Hint: "Mend the file, or see that its folder is yours.",
	}
}

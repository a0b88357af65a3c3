package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type profileAddInput struct{ tokenURL, loginID, store string }

func profileAddCommand(env *Env) *cobra.Command {
	var in profileAddInput
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a profile for a key service",
		Long: "Makes a profile for the key service that --server names, without signing in;\n" +
			"login makes one too. With --token-url it is for a service without a key API,\n" +
			"whose key is made on its page: its address for access tokens is all that is\n" +
			"needed.",
		Example: "  apikey profile add sandbox --server https://sandbox.example.com --store file\n" +
			"  apikey profile add registry --token-url https://registry.example.com/oauth2/token",
		Args:              oneArg("name of the profile"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.startNew(cmd)
			if err != nil {
				return err
			}
			server, _ := cmd.Flags().GetString("server")
			caFile, _ := cmd.Flags().GetString("ca-file")
			return s.addProfile(profile.Entry{
				Name: args[0], Server: server, TokenURL: in.tokenURL, Login: in.loginID, CAFile: caFile,
			}, in.store)
		},
	}
	cmd.Flags().StringVar(&in.tokenURL, "token-url", "", "`address` for access tokens, of a service without a key API")
	cmd.Flags().StringVar(&in.loginID, "login-id", "", "`name` to sign in as")
	cmd.Flags().StringVar(&in.store, "store", "", "`where` to keep secrets: auto, keyring, file, sealed, command or none")
	complete(cmd, "token-url", cobra.NoFileCompletions)
	complete(cmd, "login-id", cobra.NoFileCompletions)
	complete(cmd, "store", cobra.FixedCompletions(profile.Stores(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (s *session) addProfile(e profile.Entry, store string) error {
	if err := s.addable(e, store); err != nil {
		return err
	}
	var err error
	if e.CAFile != "" {
		if e.CAFile, err = filepath.Abs(e.CAFile); err != nil {
			return err
		}
	}
	if err := written(profile.Write(s.settings.Config, e.Name,
		profile.Value{Name: "server", Text: e.Server}, profile.Value{Name: "token-url", Text: e.TokenURL}, profile.Value{Name: "login", Text: e.Login},
		profile.Value{Name: "ca-file", Text: e.CAFile}, profile.Value{Name: "store", Text: store})); err != nil {
		return err
	}
	next := "Sign in with: apikey --profile " + e.Name + " login"
	if e.TokenURL != "" {
		next = "Keep its key with: apikey --profile " + e.Name + " import --created DATE"
	}
	s.notice("The profile " + e.Name + " is made. " + next)
	return s.out.Profile(e, true)
}

// addable refuses a profile that would be of no use, before it is written.
func (s *session) addable(e profile.Entry, store string) error {
	if e.Name == profile.Local {
		return keyapi.Errorf(keyapi.CodeUsage, "The profile local is built in: it is the embedded service",
			"Choose another name.")
	}
	if !profile.ValidName(e.Name) {
		return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("%q is not a profile name", e.Name),
			"It has 1 to 32 of a-z, 0-9 and -.")
	}
	switch {
	case e.TokenURL != "" && (e.Server != "" || e.Login != ""):
		return keyapi.Errorf(keyapi.CodeUsage, "A service without a key API has neither a --server nor a login",
			"Leave --server and --login-id out.")
	case e.TokenURL != "":
		if _, _, err := foreign.Endpoint(e.TokenURL); err != nil {
			return err
		}
	case e.Server == "":
		return keyapi.Errorf(keyapi.CodeUsage, "The profile needs the address of a key service",
			"Add it: --server URL. For a service without a key API: --token-url URL")
	default:
		if _, err := keyapi.Origin(e.Server); err != nil {
			return err
		}
	}
	if store != "" {
		if err := isStore(store); err != nil {
			return err
		}
	}
	_, found, err := profile.Find(s.settings.Config, e.Name)
	if err == nil && found {
		err = keyapi.Errorf(keyapi.CodeUsage, "There is a profile "+e.Name+" already",
			"See it with: apikey profile show "+e.Name+". Choose another name, or remove it first.")
	}
	return err
}

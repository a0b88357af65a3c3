package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The parts of a credential that a program can be given.
const (
	partAccessKey    = "access-key"
	partAccessSecret = "access-secret"
	partAccessToken  = "access-token"
)

// partVariables are the names under which a program gets the parts, unless --env says otherwise.
var partVariables = map[string]string{
	partAccessKey:    "APIKEY_ACCESS_KEY",
	partAccessSecret: "APIKEY_ACCESS_SECRET",
	partAccessToken:  "APIKEY_ACCESS_TOKEN",
}

type execInput struct {
	token bool
	env   []string // NAME=part
}

func execCommand(env *Env) *cobra.Command {
	var in execInput
	cmd := &cobra.Command{
		Use:   "exec [flags] -- command [argument ...]",
		Short: "Run a command with the credentials in its environment",
		Long: "Runs a command with the Access Key and the Access Secret in its environment,\n" +
			"as APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET: nowhere else, so that neither\n" +
			"a file nor a list of processes shows them. With --token it gets an access\n" +
			"token instead, as APIKEY_ACCESS_TOKEN. --env chooses names of your own for\n" +
			"access-key, access-secret and access-token. The exit status is the command's.",
		Example: "  apikey exec -- printenv APIKEY_ACCESS_KEY\n" +
			"  apikey exec --env CLIENT_ID=access-key --env CLIENT_SECRET=access-secret -- env",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.UsageError(cmd, "the command to run is missing")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := env.start(cmd)
			if err != nil {
				return err
			}
			return s.exec(cmd.Context(), in, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.SetInterspersed(false) // the flags after the command's name are the command's
	f.BoolVar(&in.token, "token", false, "give the command an access token, not the secret")
	f.StringArrayVar(&in.env, "env", nil, "give it a part under a name: `NAME=part`")
	complete(cmd, "env", cobra.FixedCompletions([]string{
		"APIKEY_ACCESS_KEY=" + partAccessKey, "APIKEY_ACCESS_SECRET=" + partAccessSecret, "APIKEY_ACCESS_TOKEN=" + partAccessToken,
	}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	return cmd
}

// variables settles which parts a command gets, by the names of its variables.
func (in execInput) variables() (map[string]string, error) {
	parts := map[string]string{}
	for _, assignment := range in.env {
		name, part, ok := strings.Cut(assignment, "=")
		if !ok || name == "" || partVariables[part] == "" {
			return nil, keyapi.Errorf(keyapi.CodeUsage, // the text is not repeated: it may be a secret that was put in the wrong place
				"A value of --env is not NAME=access-key, NAME=access-secret or NAME=access-token", "See: apikey exec --help")
		}
		parts[name] = part
	}
	wanted := []string{partAccessKey, partAccessSecret}
	if in.token {
		wanted = []string{partAccessToken}
	}
	if len(parts) == 0 {
		for _, part := range wanted {
			parts[partVariables[part]] = part
		}
	}
	return parts, nil
}

func (s *session) exec(ctx context.Context, in execInput, argv []string) error {
	parts, err := in.variables()
	if err != nil {
		return err
	}
	path, err := exec.LookPath(argv[0])
	if errors.Is(err, fs.ErrPermission) {
		return keyapi.Errorf(keyapi.CodeUsage, "The command "+command.Quote(argv[0])+" may not be run", "See that it is a program and that its mode lets you run it.")
	}
	if err != nil {
		return keyapi.Errorf(keyapi.CodeUsage, "The command "+command.Quote(argv[0])+" is not found", "Give its path, or see to PATH.")
	}
	values, err := s.parts(ctx, parts)
	if err != nil {
		return err
	}
	own := slices.Collect(maps.Values(partVariables)) // who gives it a token does not mean to give it the secret too
	environment := slices.DeleteFunc(slices.Clone(s.env.Environ), func(assignment string) bool {
		name, _, _ := strings.Cut(assignment, "=")
		return parts[name] != "" || slices.Contains(own, name)
	})
	for name, part := range parts {
		environment = append(environment, name+"="+values[part].Reveal())
	}
	status, err := s.env.Replace(path, argv, environment)
	if err != nil {
		return &keyapi.Error{Code: keyapi.CodeUsage, Message: fmt.Sprintf("The command %s cannot be run", command.Quote(argv[0])), Err: err, Hint: "See to its permissions."}
	}
	if status != 0 {
		return command.QuietExit(status)
	}
	return nil
}

// parts gives the values of the parts that are wanted.
func (s *session) parts(ctx context.Context, wanted map[string]string) (map[string]keyapi.Secret, error) {
	values := map[string]keyapi.Secret{}
	var needsPair, needsToken bool
	for _, part := range wanted {
		needsToken = needsToken || part == partAccessToken
		needsPair = needsPair || part != partAccessToken
	}
	if needsPair {
		err := s.pair(ctx, func(accessKey string, secret keyapi.Secret) error {
			values[partAccessKey], values[partAccessSecret] = keyapi.NewSecret(accessKey), secret
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if needsToken {
		token, err := s.token(ctx, false)
		if err != nil {
			return nil, err
		}
		values[partAccessToken] = token.AccessToken
	}
	return values, nil
}

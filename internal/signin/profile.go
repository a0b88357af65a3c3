package signin

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// longestName is the length of a profile's name that leaves room for a number after it.
const longestName = 29

// ProfileFor gives the profile that signing in to a server writes: the one that was named, else the one there is for
// that origin, else a new one named after the host. Error: CodeUsage for an address that is none, for the profile local
// and for a profile of another service, whose session would be lost with it.
func ProfileFor(configDir, named, server string) (string, error) {
	origin, err := keyapi.Origin(server)
	if err != nil {
		return "", err
	}
	list, err := profile.List(configDir)
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, e := range list {
		taken[e.Name] = true
		of, err := keyapi.Origin(e.Server)
		if named == "" && err == nil && of == origin {
			return e.Name, nil
		}
		if named == e.Name && (e.Name == profile.Local || e.TokenURL != "" || e.Server != "" && of != origin) {
			return "", foreign(e)
		}
	}
	if named != "" {
		return named, nil
	}
	base := nameOf(origin)
	name := base
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name, nil
}

func foreign(e profile.Entry) error {
	if e.Name == profile.Local {
		return keyapi.Errorf(keyapi.CodeUsage, "The profile local is the embedded service, which has no sign-in",
			"Leave --profile out, or name another one: --profile NAME")
	}
	return keyapi.Errorf(keyapi.CodeUsage, "The profile "+e.Name+" is for another service, "+e.Server+e.TokenURL,
		"Name another profile with --profile, or remove this one first: apikey profile remove "+e.Name)
}

// nameOf makes the name of a profile of the host in an origin.
func nameOf(origin string) string {
	host := origin
	if u, err := url.Parse(origin); err == nil {
		host = u.Hostname()
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(host))
	name = strings.Trim(name[:min(len(name), longestName)], "-")
	if name == "" {
		return "server"
	}
	return name
}

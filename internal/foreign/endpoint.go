package foreign

import (
	"net/url"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Endpoint takes the address of a token endpoint apart, into the origin of its service and its path there. An endpoint
// with a query (RFC 6749 §3.2 would allow one) is not taken. Error: CodeUsage for an address that keyapi.NewClient would
// not take, or without a path.
func Endpoint(tokenURL string) (origin, path string, err error) {
	if origin, err = keyapi.Origin(tokenURL); err != nil {
		return "", "", err
	}
	u, err := url.Parse(tokenURL)
	if err != nil || u.Path == "" || u.Path == "/" {
		return "", "", keyapi.Errorf(keyapi.CodeUsage, "The address of the token endpoint has no path",
			"Give all of it, as https://host/oauth2/token")
	}
	return origin, u.Path, nil
}

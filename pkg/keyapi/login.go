package keyapi

import "strings"

// CanonicalLogin gives a login that somebody typed as the service has it: capitals and blanks around it do not matter.
func CanonicalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

package foreign

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// maxText is how long half of a credential may be, in bytes.
const maxText = 4 << 10

// The names of the halves, as people read them.
const (
	NameAccessKey    = "Access Key"
	NameAccessSecret = "Access Secret"
)

// Half checks half of a credential: any text of one line, up to 4 KiB. Blanks around it are not of it. name says which
// half it is. Error: CodeInvalidRequest, which does not repeat the text.
func Half(name, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", keyapi.Errorf(keyapi.CodeInvalidRequest, "There is no "+name, "Copy it again, whole.")
	case len(text) > maxText:
		return "", keyapi.Errorf(keyapi.CodeInvalidRequest, "The "+name+" is longer than 4096 bytes",
			"Copy it again, and nothing else.")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", keyapi.Errorf(keyapi.CodeInvalidRequest, "The "+name+" is not one line of visible characters",
			"Copy it again, and nothing else.")
	}
	return text, nil
}

// Pair checks both halves of a credential. Error: that of Half.
func Pair(accessKey, accessSecret string) (string, keyapi.Secret, error) {
	key, err := Half(NameAccessKey, accessKey)
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	secret, err := Half(NameAccessSecret, accessSecret)
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	return key, keyapi.NewSecret(secret), nil
}

// names are the names of an assignment that say which half it is, in capitals.
var names = map[string]string{
	"APIKEY_ACCESS_KEY": NameAccessKey, "ACCESS_KEY": NameAccessKey, "CLIENT_ID": NameAccessKey,
	"APIKEY_ACCESS_SECRET": NameAccessSecret, "ACCESS_SECRET": NameAccessSecret, "CLIENT_SECRET": NameAccessSecret,
}

// Parse finds the halves of a credential in a text: two lines, the Access Key first; assignments (dotenv or shell) to
// APIKEY_ACCESS_KEY and APIKEY_ACCESS_SECRET, or to CLIENT_ID and CLIENT_SECRET, among others; or the JSON of apikey
// secret. Nothing of a half tells which it is. Error: CodeInvalidRequest, which does not repeat the text.
func Parse(text string) (accessKey string, secret keyapi.Secret, err error) {
	var object struct {
		AccessKey    string `json:"accessKey"`
		AccessSecret string `json:"accessSecret"`
	}
	if json.Unmarshal([]byte(text), &object) == nil {
		return Pair(object.AccessKey, object.AccessSecret)
	}
	var lines []string
	halves := map[string]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		lines = append(lines, line)
		half, value := assignment(line)
		if half == "" {
			continue
		}
		if halves[half] != "" {
			return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "There is more than one "+half+" in the input",
				"Give one.")
		}
		halves[half] = value
	}
	switch {
	case len(halves) > 0:
		return Pair(halves[NameAccessKey], halves[NameAccessSecret])
	case len(lines) == 2:
		return Pair(lines[0], lines[1])
	default:
		return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "The input is not an Access Key and an Access Secret",
			"Give them on two lines, the Access Key first, or as APIKEY_ACCESS_KEY=… and APIKEY_ACCESS_SECRET=…")
	}
}

// assignment takes NAME=value apart. half is "" if the line is none, or of something else.
func assignment(line string) (half, value string) {
	name, value, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	return names[strings.ToUpper(strings.TrimSpace(name))], unquoted(strings.TrimSpace(value))
}

// unquoted takes the quotes of a shell or of dotenv off a value.
func unquoted(value string) string {
	if len(value) < 2 || value[0] != value[len(value)-1] {
		return value
	}
	switch inner := value[1 : len(value)-1]; value[0] {
	case '\'':
		return strings.ReplaceAll(inner, `'\''`, "'")
	case '"':
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, "$", "\\`", "`").Replace(inner)
	default:
		return value
	}
}

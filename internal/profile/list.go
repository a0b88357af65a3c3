package profile

import (
	"path/filepath"

	"github.com/spf13/viper"
)

// Entry is a profile as a list shows it.
type Entry struct {
	Name     string
	Current  bool   // it is used where none is named
	Server   string // "" = the embedded service, or one without a key API
	TokenURL string // of a service without a key API; "" = it has one
	Login    string // "" = nobody signed in yet
	CAFile   string
}

// Kind is what kind of service a profile is for.
type Kind string

// The kinds.
const (
	KindEmbedded Kind = "embedded" // the key service inside the program
	KindService  Kind = "service"  // a key service one signs in to
	KindOAuth2   Kind = "oauth2"   // a service without a key API: it gives access tokens (RFC 6749 §4.4), and no more
)

// Kind gives the kind of the profile's service.
func (e Entry) Kind() Kind { return kindOf(e.Server, e.TokenURL, e.Name) }

// Kind gives the kind of the service of this run.
func (s Settings) Kind() Kind { return kindOf(s.Server, s.TokenURL, s.Profile) }

func kindOf(server, tokenURL, name string) Kind {
	switch {
	case tokenURL != "":
		return KindOAuth2
	case server == "" && name == Local:
		return KindEmbedded
	default:
		return KindService
	}
}

// List gives the profiles of a config folder, sorted by name, "local" included. Error: CodeUsage if the file can't be
// read.
func List(dir string) ([]Entry, error) {
	file, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	current := currentIn(file)
	var list []Entry
	for _, name := range namesIn(file) {
		of := "profiles." + name + "."
		list = append(list, Entry{
			Name: name, Current: name == current, Server: file.GetString(of + "server"),
			TokenURL: file.GetString(of + "token-url"), Login: file.GetString(of + "login"), CAFile: file.GetString(of + "ca-file"),
		})
	}
	return list, nil
}

// Find gives one of the profiles of a config folder, or found false. Error: that of List.
func Find(dir, name string) (e Entry, found bool, err error) {
	list, err := List(dir)
	for _, e := range list {
		if e.Name == name {
			return e, true, nil
		}
	}
	return Entry{}, false, err
}

// Path names the file of a config folder.
func Path(dir string) string { return filepath.Join(dir, fileName) }

// Stored gives the text of a setting as a profile has it, "" if it has none. Error: that of List.
func Stored(dir, name, setting string) (string, error) {
	file, err := readConfig(dir)
	if err != nil {
		return "", err
	}
	return file.GetString("profiles." + name + "." + setting), nil
}

// currentIn gives the name of the current profile of a file.
func currentIn(file *viper.Viper) string {
	if name := file.GetString("current"); name != "" {
		return name
	}
	return Local
}

package profile

import "github.com/spf13/viper"

// Entry is a profile as a list shows it.
type Entry struct {
	Name    string
	Current bool   // it is used where none is named
	Server  string // "" = the embedded service
	Login   string // "" = nobody signed in yet
	CAFile  string
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
			Name: name, Current: name == current, Server: file.GetString(of + "server"), Login: file.GetString(of + "login"),
			CAFile: file.GetString(of + "ca-file"),
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

// currentIn gives the name of the current profile of a file.
func currentIn(file *viper.Viper) string {
	if name := file.GetString("current"); name != "" {
		return name
	}
	return Local
}

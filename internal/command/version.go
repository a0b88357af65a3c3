package command

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Version names a build.
type Version struct {
	Number string // of the release; "dev" for a build from source
	Commit string // "" if not known
	Date   string // of the commit, RFC 3339; "" if not known
}

// Build tells which build this is: the release's number if there is one, else what the toolchain noted.
func Build(release string) Version {
	v := Version{Number: release}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if v.Number == "" {
		v.Number = strings.TrimPrefix(info.Main.Version, "v")
	}
	if v.Number == "" || v.Number == "(devel)" {
		v.Number = "dev"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			v.Date = s.Value
		}
	}
	return v
}

// Line names the build of a program in a line.
func (v Version) Line(program string) string {
	line := program + " " + v.Number
	if v.Commit != "" {
		line += " (" + v.Commit + ")"
	}
	return line
}

// VersionJSON is a build as a JSON object.
type VersionJSON struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Object gives the build as a JSON object.
func (v Version) Object() VersionJSON {
	return VersionJSON{
		Schema: keyapi.Schema, Version: v.Number, Commit: v.Commit, Date: v.Date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

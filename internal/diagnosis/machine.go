package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func version(_ context.Context, x *examination) Finding { return well(x.Build()) }

// config tells which file there is and where the settings came from that are not the default.
func config(_ context.Context, x *examination) Finding {
	if x.unsettled != nil {
		return failure(x.unsettled)
	}
	path := filepath.Join(x.settings.Config, "config.yaml")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path = "no file at " + path
	}
	said := []string{"profile " + x.settings.Profile + " (" + x.settings.Source("profile") + ")"}
	for _, v := range x.settings.Values() {
		if source := x.settings.Source(v.Name); source != "default" && v.Text != "" {
			said = append(said, v.Name+" ("+source+")")
		}
	}
	return well(path + "; " + strings.Join(said, ", "))
}

// modes looks whether others can read what is private or change what this user relies on. What is in the data folder is
// either a secret or leads to one; the configuration may be read, but who can write it chooses the service.
func modes(_ context.Context, x *examination) Finding {
	switch {
	case x.GOOS() == "windows":
		return skipped("Windows keeps no modes: the folders are below your profile, which is yours alone")
	case x.settings.Data == "":
		return skipped("not looked at: the folders are not known")
	}
	worst := well(x.settings.Data + " and " + x.settings.Config + " are as private as they must be")
	for _, place := range []struct {
		path       string
		open       fs.FileMode // what others must not have
		status     Status      // what it is if they have it
		says, mend string
	}{
		{x.settings.Data, 0o077, Fail, "can be read or written by others", "chmod -R go-rwx "},
		{x.settings.Config, 0o022, Warn, "can be written by others", "chmod -R go-w "},
	} {
		open, err := openTo(place.path, place.open)
		if err != nil {
			return failed("the folder cannot be looked through: "+err.Error(), "See that it is yours.")
		}
		if len(open) == 0 {
			continue
		}
		found := Finding{Status: place.status, Detail: open[0] + " " + place.says, Hint: place.mend + quoted(place.path)}
		if len(open) > 1 {
			found.Detail = fmt.Sprintf("%s and %d more %s", open[0], len(open)-1, place.says)
		}
		if worst.Status != OK {
			found.Status = worst.Status
			found.Detail, found.Hint = worst.Detail+"; "+found.Detail, worst.Hint+" && "+found.Hint
		}
		worst = found
	}
	return worst
}

// openTo lists what is in a folder, and the folder itself, if its mode gives others something of mask. A folder that is
// not there is as private as can be; so is what went away meanwhile.
func openTo(dir string, mask fs.FileMode) (open []string, err error) {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&mask != 0 {
			open = append(open, path)
		}
		return nil
	})
	return open, err
}

// quoted makes a path safe to paste into a POSIX shell.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\n'\"\\$`*?[]()<>|&;#~!{}") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// proxyVariables are those Go's proxies come from. Plain http goes to this machine only, and never by a proxy.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy"}

// proxySchemes are the kinds of proxy Go speaks to (net/http, Transport.Proxy).
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// proxy tells which proxy is in use. Much that is no address Go ignores without a word: the calls go around the proxy.
func proxy(ctx context.Context, x *examination) Finding {
	for _, name := range proxyVariables {
		value := x.Getenv(name)
		if value == "" {
			continue
		}
		if !proxyAddress(value) { // it is not repeated: there may be a password in it
			return warned(name+" is not the address of a proxy: it is ignored, and calls go out without one, or they fail",
				"Give it as http://host:port, or remove it: unset "+name)
		}
		break
	}
	why := x.absent(ctx)
	switch {
	case x.reached.value.Proxy != "":
		return well(x.reached.value.Proxy)
	case why != "":
		return skipped(why)
	case !x.remote():
		return skipped("the embedded service needs no network")
	default:
		return well("none")
	}
}

// proxyAddress tells whether a text is the address of a proxy. As in net/http it may be without a scheme.
func proxyAddress(text string) bool {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && slices.Contains(proxySchemes, u.Scheme)
}

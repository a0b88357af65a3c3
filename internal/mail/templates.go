package mail

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// builtIn are the texts as they come: one a kind of notice, and what stands at the end of all.
//
//go:embed templates/*.txt
var builtIn embed.FS

const (
	suffix = ".txt"
	foot   = "foot"
)

// facts are what a text can say. All are texts of one line; "" = there is nothing to say.
type facts struct {
	Service, Contact, Login string
	AccessKey, Actor, From  string
	At, Until               string
}

const moment = "2006-01-02 15:04 UTC"

func (m *Mailer) facts(n store.Mail) facts {
	return facts{
		Service: oneLine(m.service), Contact: oneLine(strings.TrimSuffix(m.contact, ".")), Login: oneLine(n.Login),
		AccessKey: oneLine(n.AccessKey), Actor: oneLine(n.Actor), From: oneLine(n.From), At: momentOf(n.At), Until: momentOf(n.Until),
	}
}

func momentOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(moment)
}

// oneLine makes blanks of control characters: what comes from elsewhere is to begin no line of its own, and so no
// header.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// templates are the texts by their kinds.
type templates map[string]*template.Template

// loadTemplates reads the texts: for each kind the file KIND.txt in a folder if it is there, else the built-in one.
// Every one is tried. Error: CodeUsage, also for a .txt file in the folder that is none of them.
func loadTemplates(dir string) (templates, error) {
	names := []string{foot}
	for _, kind := range notice.Kinds {
		names = append(names, string(kind))
	}
	if err := onlyKnown(dir, names); err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := readTemplate(dir, name)
		if err != nil {
			return nil, broken(name, err)
		}
		texts[name] = text
	}
	all := templates{}
	for _, kind := range names[1:] {
		t := template.New(kind).Option("missingkey=error")
		if _, err := t.New(foot).Parse(texts[foot]); err != nil {
			return nil, broken(foot, err)
		}
		if _, err := t.Parse(texts[kind]); err != nil {
			return nil, broken(kind, err)
		}
		all[kind] = t
		for _, sample := range samples {
			if _, _, err := all.text(kind, sample); err != nil {
				return nil, broken(kind, err)
			}
		}
	}
	return all, nil
}

// samples are facts that are all there, and as few as there can be.
var samples = []facts{
	{
		Service: "https://key.example.com", Contact: "the platform team", Login: "ada", AccessKey: "AK0123456789", Actor: "ada/ci",
		From: "192.0.2.1", At: moment, Until: moment,
	},
	{Service: "https://key.example.com", Login: "ada", At: moment},
}

// onlyKnown refuses a folder with a text that nothing would use: its name may be mistyped.
func onlyKnown(dir string, names []string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return &keyapi.Error{Code: keyapi.CodeUsage, Message: "The folder of --mail-templates cannot be read", Err: err}
	}
	for _, entry := range entries {
		name, isText := strings.CutSuffix(entry.Name(), suffix)
		if isText && !slices.Contains(names, name) {
			return usage(filepath.Join(dir, entry.Name())+" is the text of no mail", "Name it one of: "+strings.Join(names, ", ")+", with "+suffix+".")
		}
	}
	return nil
}

func readTemplate(dir, name string) (string, error) {
	if dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, name+suffix))
		if !errors.Is(err, os.ErrNotExist) {
			return string(text), err
		}
	}
	text, err := builtIn.ReadFile("templates/" + name + suffix)
	return string(text), err
}

func broken(name string, err error) error {
	return &keyapi.Error{
		Code: keyapi.CodeUsage, Message: "The text of the mail " + name + " cannot be used", Err: err,
		Hint: "Mend " + name + suffix + " in the folder of --mail-templates, or remove it.",
	}
}

// text makes the subject and the body of a mail.
func (t templates) text(kind string, f facts) (subject, body string, err error) {
	one := t[kind]
	if one == nil {
		return "", "", fmt.Errorf("there is no text for %q", kind)
	}
	var made strings.Builder
	if err := one.Execute(&made, f); err != nil {
		return "", "", err
	}
	head, body, _ := strings.Cut(strings.ReplaceAll(made.String(), "\r\n", "\n"), "\n")
	subject, found := strings.CutPrefix(head, "Subject: ")
	body, separated := strings.CutPrefix(body, "\n")
	if subject = strings.TrimSpace(subject); !found || subject == "" || !separated {
		return "", "", errors.New(`it does not begin with "Subject: " and an empty line`)
	}
	if strings.ContainsFunc(subject, unicode.IsControl) {
		return "", "", errors.New("its subject has a control character")
	}
	return subject, strings.TrimSpace(body) + "\n", nil
}

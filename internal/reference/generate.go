package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/apikey-cli/apikey/internal/cli"
	"github.com/apikey-cli/apikey/internal/daemon"
	"github.com/apikey-cli/apikey/internal/httpapi"
	"github.com/apikey-cli/apikey/internal/term"
)

// writeAll writes the generated files below a folder, and removes what was generated before and is no more.
func writeAll(root string) error {
	files, err := generate()
	if err != nil {
		return err
	}
	for _, dir := range []string{"completions", "docs/man"} {
		if err := os.RemoveAll(filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// program is one of the programs, with what differs between their references.
type program struct {
	root    *cobra.Command
	page    string // of the reference
	section string // of the manual: 1 for everybody's commands, 8 for the operator's
	fence   string // language of the examples; those in sh are run by a test
}

func programs() []program {
	nothing := func(string) string { return "" }
	return []program{
		{cli.New(&cli.Env{IO: &term.IO{}, Getenv: nothing}), "docs/commands.md", "1", "sh"},
		{daemon.New(&daemon.Env{IO: &term.IO{}, Getenv: nothing}), "docs/apikeyd.md", "8", "text"},
	}
}

// generate gives every generated file by its path.
func generate() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, p := range programs() {
		p.root.DisableAutoGenTag = true
		p.root.InitDefaultHelpCmd()
		if err := completions(p.root, files); err != nil {
			return nil, err
		}
		if err := manPages(p, files); err != nil {
			return nil, err
		}
		files[p.page] = bytes.ReplaceAll(commands(p.root), []byte("```sh\n"), []byte("```"+p.fence+"\n"))
	}
	api, err := httpapi.OpenAPI()
	if err != nil {
		return nil, err
	}
	files["docs/openapi.yaml"] = api
	files["docs/errors.md"] = errorsPage()
	return files, nil
}

func completions(root *cobra.Command, files map[string][]byte) error {
	shells := []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"bash", func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) }},
		{"zsh", func(b *bytes.Buffer) error { return root.GenZshCompletion(b) }},
		{"fish", func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) }},
		{"ps1", func(b *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(b) }},
	}
	for _, shell := range shells {
		var b bytes.Buffer
		if err := shell.write(&b); err != nil {
			return err
		}
		files["completions/"+root.Name()+"."+shell.name] = b.Bytes()
	}
	return nil
}

// manPages writes one page a command. The date is left out: the same source gives the same bytes.
func manPages(p program, files map[string][]byte) error {
	for _, cmd := range visible(p.root) {
		var b bytes.Buffer
		header := &doc.GenManHeader{Section: p.section, Source: p.root.Name(), Manual: p.root.Name() + " manual", Date: &time.Time{}}
		if err := doc.GenMan(cmd, header, &b); err != nil {
			return err
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + "." + p.section
		files["docs/man/"+name] = bytes.Replace(b.Bytes(), []byte(`"Jan 0001"`), []byte(`""`), 1)
	}
	return nil
}

// visible lists a command and those below it, in the order of the help.
func visible(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		if sub.Name() == "help" && cmd.HasParent() { // cobra's, for a group: the root's says the same
			continue
		}
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			list = append(list, visible(sub)...)
		}
	}
	return list
}

// commands writes the reference as one page: people search it.
func commands(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Commands of %s\n\n", root.Name())
	b.WriteString("This page is generated from the program: `go generate ./...` writes it.\n")
	fmt.Fprintf(&b, "\n## Flags of every command\n\n%s", flags(root.PersistentFlags()))
	for _, cmd := range visible(root) {
		if cmd == root || cmd.Parent().Name() == "completion" { // one of its own for each shell says nothing new
			continue
		}
		section(&b, cmd)
	}
	return b.Bytes()
}

func section(b *bytes.Buffer, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(b, "%s\n\n    %s\n", strings.TrimSpace(text), cmd.UseLine())
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(b, "\nAlso: `apikey %s`\n", strings.Join(cmd.Aliases, "`, `apikey "))
	}
	if local := flags(cmd.LocalNonPersistentFlags()); local != "" {
		fmt.Fprintf(b, "\n%s", local)
	}
	if cmd.Example != "" {
		language := "sh" // the examples in sh are run by a test
		if cmd.Annotations[cli.NeedsServer] != "" {
			language = "text"
		}
		fmt.Fprintf(b, "\nFor example:\n\n```%s\n%s\n```\n", language, strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	}
}

func flags(set *pflag.FlagSet) string {
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		if name != "" {
			flag += " " + strings.ToUpper(name)
		}
		fmt.Fprintf(&b, "- `%s`: %s\n", flag, usage)
	})
	return b.String()
}

package command_test

import (
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestQuote_IsSafeToPaste(t *testing.T) {
	for word, want := range map[string]string{
		"disable": "disable", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm -rf /)": "'$(rm -rf /)'", "--grace=24h": "--grace=24h",
	} {
		if got := command.Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
}

// TestWrongWords_OfTheProgramAndOfItsCommands: only where nothing but commands can stand is a word taken for one.
func TestWrongWords_OfTheProgramAndOfItsCommands(t *testing.T) {
	root := &cobra.Command{Use: "prog", SuggestionsMinimumDistance: 2}
	group := &cobra.Command{Use: "group", SuggestionsMinimumDistance: 2}
	leaf := &cobra.Command{Use: "leaf", Run: func(*cobra.Command, []string) {}}
	root.AddCommand(group)
	group.AddCommand(leaf)
	for _, test := range []struct {
		of    *cobra.Command
		check cobra.PositionalArgs
		word  string
		want  string
		hint  string
	}{
		{root, command.NoArgs, "grop", "Unknown command grop", "Did you mean: prog group"},
		{root, command.NoArgs, "frob x", "Unknown command 'frob x'", "See: prog --help"},
		{group, command.NoArgs, "lef", "Unknown argument lef for prog group", "See: prog group --help"},
		{group, command.NoSuchCommand, "lef", "Unknown command lef", "Did you mean: prog group leaf"},
		{leaf, command.NoArgs, "x", "Unknown argument x for prog group leaf", "See: prog group leaf --help"},
	} {
		err := test.check(test.of, []string{test.word})
		var told *keyapi.Error
		if !errors.As(err, &told) || told.Code != keyapi.CodeUsage || told.Message != test.want || told.Hint != test.hint {
			t.Errorf("%s %s: %v", test.of.CommandPath(), test.word, err)
		}
		if err := test.check(test.of, nil); err != nil {
			t.Errorf("%s: %v", test.of.CommandPath(), err)
		}
	}
}

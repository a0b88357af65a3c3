package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// codes reads every code there is from the source of keyapi: one that is added later is in the tests at once.
func codes(t *testing.T) []keyapi.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../pkg/keyapi/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []keyapi.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, keyapi.Code(text))
		return true
	})
	if len(found) < 30 {
		t.Fatalf("only %d codes were found", len(found))
	}
	return found
}

// contract is the table of exit statuses of the design, §3, and where this tool had to place a code of the service that
// the table does not name.
var contract = map[int]string{
	1:   "internal",
	2:   "usage confirmation-required invalid-request idempotency-mismatch",
	3:   "cancelled",
	4:   "unauthenticated otp-required otp-invalid not-permitted mfa-not-enabled mfa-already-enabled",
	5:   "no-key key-exists key-expired key-disabled version-conflict no-secret superseded not-executed",
	6:   "unreachable outcome-unknown rate-limited unavailable",
	7:   "store-unavailable store-locked store-denied store-timeout store-too-big store-failed",
	130: "interrupted",
}

func TestEveryCode_HasTheExitStatusOfTheContract_AndAHint(t *testing.T) {
	want := map[keyapi.Code]int{}
	for status, names := range contract {
		for _, name := range strings.Fields(names) {
			want[keyapi.Code(name)] = status
		}
	}
	for _, code := range codes(t) {
		a := adviceFor(code)
		if a.Code != code || a.Exit != want[code] || a.Exit == 0 {
			t.Errorf("%s: exit status %d, want %d", code, a.Exit, want[code])
		}
		if a.Happened == "" || a.Changed == "" {
			t.Errorf("%s: the table does not say what happened", code)
		}
		if a.Hint == "" && code != keyapi.CodeCancelled && code != keyapi.CodeInterrupted {
			t.Errorf("%s: people are not told what to do", code)
		}
		if strings.Contains(a.Hint, "\n") {
			t.Errorf("%s: the hint is not one line", code)
		}
		delete(want, code)
	}
	if len(want) > 0 {
		t.Errorf("codes of the contract that do not exist: %v", want)
	}
}

// runWith runs a command line whose connection fails with an error.
func runWith(fails error, args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	env := &Env{
		IO: &term.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Width: 80},
		Getenv: func(name string) string {
			return map[string]string{"HOME": "/nonexistent"}[name]
		},
		GOOS: "linux", Now: time.Now, Version: func() command.Version { return command.Version{Number: "1"} },
		Signals: func(ctx context.Context) (context.Context, func()) { return ctx, func() {} },
		Connect: func(context.Context, Target) (*Connection, error) { return nil, fails },
	}
	status = Exit(Run(context.Background(), env, args))
	return out.String(), errs.String(), status
}

func TestEveryCode_ForPeople_OneLineWhatHappenedAndOneWhatToDo(t *testing.T) {
	for _, code := range codes(t) {
		stdout, stderr, status := runWith(keyapi.Errorf(code, "It happened", ""), "status")
		lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		first := "error: It happened."
		if code == keyapi.CodeCancelled {
			first = "It happened"
		}
		if stdout != "" || lines[0] != first || status != adviceFor(code).Exit {
			t.Errorf("%s: exit status %d, %q", code, status, stderr)
		}
		if hint := adviceFor(code).Hint; hint != "" && (len(lines) != 2 || lines[1] != hint) {
			t.Errorf("%s: %q", code, stderr)
		}
	}
}

func TestEveryCode_InJSON_IsOneObject(t *testing.T) {
	for _, code := range codes(t) {
		_, stderr, status := runWith(&keyapi.Error{Code: code, Message: "It\nhappened", Hint: "Do this.", RequestID: "req-1"}, "status", "-o", "json")
		want := fmt.Sprintf(`{"schema":1,"error":{"code":%q,"message":"It happened","hint":"Do this.","exitStatus":%d,"requestId":"req-1"}}`+"\n",
			code, adviceFor(code).Exit)
		if stderr != want || status != adviceFor(code).Exit {
			t.Errorf("%s: exit status %d\n got %s\nwant %s", code, status, stderr, want)
		}
	}
}

func TestAnErrorWithoutACode_IsInternal(t *testing.T) {
	_, stderr, status := runWith(errors.New("the disk sings"), "status")
	if status != 1 || !strings.HasPrefix(stderr, "error: Something went wrong: the disk sings.\n") {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	_, stderr, _ = runWith(fmt.Errorf("wrapped: %w", keyapi.Errorf(keyapi.CodeNoKey, "There is no API key", "")), "status")
	if stderr != "error: There is no API key.\nMake one with: apikey generate\n" {
		t.Errorf("got %s", stderr)
	}
}

// TestEveryCommandLineError_HasACode walks the command tree: whatever is typed wrong is a usage error, for people and
// for programs.
func TestEveryCommandLineError_HasACode(t *testing.T) {
	root := New(&Env{IO: &term.IO{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, Getenv: func(string) string { return "" }})
	root.InitDefaultHelpCmd()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		for _, wrong := range [][]string{{"--frobnicate"}, {"--output"}, {"-Z"}} {
			args := append(append([]string{}, path...), wrong...)
			_, stderr, status := runWith(errors.New("must not be called"), args...)
			if status != 2 || !strings.HasPrefix(stderr, "error: ") || strings.Count(stderr, "\n") != 2 {
				t.Errorf("apikey %v: exit status %d: %s", args, status, stderr)
			}
			_, stderr, status = runWith(errors.New("must not be called"), append([]string{"--output=json"}, args...)...)
			if status != 2 || !strings.HasPrefix(stderr, `{"schema":1,"error":{"code":"usage",`) {
				t.Errorf("apikey --output=json %v: exit status %d: %s", args, status, stderr)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// TestHelpErrors_IsTheTable: every code and what to do about it is in the help.
func TestHelpErrors_IsTheTable(t *testing.T) {
	stdout, stderr, status := runWith(nil, "help", "errors")
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d, %s", status, stderr)
	}
	for _, code := range codes(t) {
		if a := adviceFor(code); !strings.Contains(stdout, "  "+string(code)+"\n      "+a.Happened) || !strings.Contains(stdout, a.Hint) {
			t.Errorf("%s is not in it", code)
		}
	}
	for _, line := range strings.Split(stdout, "\n") {
		if len([]rune(line)) > 100 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

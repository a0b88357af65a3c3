package testkit

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Scripted is the main function of a program that scripts run as a process of its own. The duration in the variable clock
// (which the program itself does not know) moves its clock.
func Scripted(run func(args []string, now func() time.Time) int, clock string) func() {
	return func() {
		offset, err := time.ParseDuration(os.Getenv(clock))
		if err != nil {
			offset = 0
		}
		os.Exit(run(os.Args[1:], func() time.Time { return time.Now().Add(offset) }))
	}
}

// Exits runs a command and expects an exit status: exits 5 apikey disable --yes. What it printed is then in stdout and
// stderr, as after exec.
func Exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG ...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(*exec.ExitError) //nolint:errorlint // Exec gives it unwrapped
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strings.Contains(ts.ReadFile("stderr"), "Something went wrong") {
		ts.Fatalf("%s: an error left the program without a code: %s", strings.Join(args[1:], " "), ts.ReadFile("stderr"))
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args[1:], " "), got, want,
			ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// JSONFields expects the names of the fields of the JSON object in a file, in their order: json stdout schema profile …
// Without names it only expects one JSON object.
func JSONFields(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: json FILE [FIELD ...]")
	}
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		ts.Fatalf("%s is no JSON object: %v", args[0], err)
	}
	var names []string
	for dec.More() {
		name, err := dec.Token()
		ts.Check(err)
		names = append(names, name.(string))
		var value json.RawMessage
		ts.Check(dec.Decode(&value))
	}
	if _, err := dec.Token(); err != nil || dec.More() {
		ts.Fatalf("%s is more than one JSON object", args[0])
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); len(args) > 1 && got != want {
		ts.Fatalf("fields of %s:\n got %s\nwant %s", args[0], got, want)
	}
}

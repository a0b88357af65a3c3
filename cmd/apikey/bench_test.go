//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// BenchmarkStart measures whole processes against a program that prints one line and, for status, against --version:
// the bars of docs/performance.md. The two of a pair run in turn, so that a noisy machine is noisy for both; the median
// of the pairs' ratios is reported.
//
//	go test ./cmd/apikey -run '^$' -bench Start -benchtime 300x
func BenchmarkStart(b *testing.B) {
	tool, hello := unpacked(b, testkit.Build(b, program)), buildProgram(b, "hello", helloSource)
	env := []string{"HOME=" + b.TempDir(), "APIKEY_STORE=file", "TERM=xterm-256color"}
	process(b, env, tool, "generate", "--quiet")
	comparePairs(b, env, []pair{
		{"version÷hello", []string{tool, "--version"}, []string{hello}},
		{"complete÷hello", []string{tool, "__complete", "st"}, []string{hello}},
		{"help÷hello", []string{tool, "--help"}, []string{hello}},
		{"status÷version", []string{tool, "status"}, []string{tool, "--version"}},
		{"check÷version", []string{tool, "check"}, []string{tool, "--version"}},
	})
}

// BenchmarkRemote measures commands against a service on this machine, over plain HTTP: those that ask it against a program
// that only gets a page of it, a token that is kept against --version.
//
//	go test ./cmd/apikey -run '^$' -bench Remote -benchtime 300x
func BenchmarkRemote(b *testing.B) {
	tool, get := unpacked(b, testkit.Build(b, program)), buildProgram(b, "get", getSource)
	k := &keyService{dir: b.TempDir(), plain: true}
	add := []string{"account", "add", "ada", "--key-permission", "--password-stdin"}
	if _, errs, err := k.operator(strings.NewReader(memberPassword), add...); err != nil {
		b.Fatalf("%v\n%s", err, errs)
	}
	if err := k.start("--mfa", "optional"); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(k.stop)
	env := []string{"HOME=" + b.TempDir(), "APIKEY_STORE=file"}
	login := exec.Command(tool, "login", "--server", k.server, "--login-id", "ada", "--password-stdin")
	login.Env, login.Stdin = env, strings.NewReader(memberPassword)
	if out, err := login.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	process(b, env, tool, "generate", "--quiet")
	process(b, env, tool, "token")
	getPage := []string{get, k.server + "/.well-known/oauth-authorization-server"}
	comparePairs(b, env, []pair{
		{"status÷get", []string{tool, "status", "-o", "json"}, getPage},
		{"fresh-token÷get", []string{tool, "token", "--fresh"}, getPage},
		{"token÷version", []string{tool, "token"}, []string{tool, "--version"}},
	})
}

// getSource is the least a Go program does that asks a service something.
const getSource = `package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	reply, err := http.Get(os.Args[1])
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(os.Stdout, reply.Body); err != nil || reply.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}
`

// pair is two command lines to compare.
type pair struct {
	name string
	a, b []string
}

// comparePairs runs the two of each pair in turn and reports the medians of their ratios.
func comparePairs(b *testing.B, env []string, pairs []pair) {
	b.Helper()
	for _, pair := range pairs {
		b.Run(pair.name, func(b *testing.B) {
			var wall, cpu []float64
			for b.Loop() {
				aWall, aCPU := process(b, env, pair.a[0], pair.a[1:]...)
				bWall, bCPU := process(b, env, pair.b[0], pair.b[1:]...)
				wall = append(wall, float64(aWall)/float64(bWall))
				cpu = append(cpu, float64(aCPU)/float64(bCPU))
			}
			b.ReportMetric(median(wall), "wall-ratio")
			b.ReportMetric(median(cpu), "cpu-ratio")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// process runs a program and gives its wall and processor time.
func process(b *testing.B, env []string, path string, args ...string) (wall, cpu time.Duration) {
	b.Helper()
	cmd := exec.Command(path, args...)
	cmd.Env = env
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s %v: %v", path, args, err)
	}
	wall = time.Since(began)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return wall, time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const helloSource = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"

// buildProgram builds a program of one file as a release is built.
func buildProgram(b *testing.B, name, text string) string {
	b.Helper()
	dir := b.TempDir()
	source, path := filepath.Join(dir, name+".go"), filepath.Join(dir, name)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return unpacked(b, path)
}

// unpacked gives a copy of a program that was written from beginning to end, as an archive is unpacked: Linux keeps it in
// memory in pieces of 64 KiB. What the linker left lies there in single pages for the most part, in another part after each
// build: the same program then takes a tenth to a fifth longer to start, which no number of pairs makes even.
func unpacked(b *testing.B, path string) string {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	path = filepath.Join(b.TempDir(), filepath.Base(path))
	if err := os.WriteFile(path, text, 0o700); err != nil {
		b.Fatal(err)
	}
	return path
}

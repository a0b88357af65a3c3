//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	tool, hello := testkit.Build(b, program), buildHello(b)
	env := []string{"HOME=" + b.TempDir(), "APIKEY_STORE=file", "TERM=xterm-256color"}
	process(b, env, tool, "generate", "--quiet")
	for _, pair := range []struct {
		name string
		a, b []string
	}{
		{"version÷hello", []string{tool, "--version"}, []string{hello}},
		{"complete÷hello", []string{tool, "__complete", "st"}, []string{hello}},
		{"help÷hello", []string{tool, "--help"}, []string{hello}},
		{"status÷version", []string{tool, "status"}, []string{tool, "--version"}},
		{"check÷version", []string{tool, "check"}, []string{tool, "--version"}},
	} {
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

func buildHello(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	source, path := filepath.Join(dir, "hello.go"), filepath.Join(dir, "hello")
	if err := os.WriteFile(source, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

//go:build linux

package speed

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// databases are those that are measured; start gives nil for SQLite.
var databases = []struct {
	name  string
	start func(testing.TB) *testkit.Cluster
}{
	{"sqlite", func(testing.TB) *testkit.Cluster { return nil }},
	{"postgres", testkit.StartPostgres},
}

// program builds apikeyd, or takes the one that is named.
func program(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("APIKEY_SPEED_PROGRAM"); path != "" {
		return path
	}
	return testkit.Build(b, "../../cmd/apikeyd")
}

// against measures one kind of request against as many processes that only answer as there are replicas.
func (w *world) against(b *testing.B, program string, replicas, connections int, ask func(int64) request, more ...string) {
	b.Helper()
	addresses, pids := w.serve(b, program, replicas, more...)
	others, otherPIDs := bare(b, replicas)
	compare(b, &load{servers: addresses, connections: connections, request: ask},
		&load{servers: others, connections: connections, request: ask}, pids, otherPIDs)
}

// uncached lets a replica read every key from the database.
var uncached = []string{"--cached-keys", "0"}

// BenchmarkRequests: what the requests of programs cost. "uncached" is an introspection whose key is read from the
// database every time, "unprepared" the same with statements that PostgreSQL has to plan every time, as behind a pooler.
func BenchmarkRequests(b *testing.B) {
	path := program(b)
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			w := newWorld(b, d.start(b), 1000)
			w.mint(b)
			for _, kind := range []struct {
				name string
				ask  func(int64) request
				more []string
				mode string
			}{
				{"token", w.asksForToken, nil, ""},
				{"introspect", w.asksAboutToken, nil, ""},
				{"uncached", w.asksAboutToken, uncached, ""},
				{"unprepared", w.asksAboutToken, uncached, "&default_query_exec_mode=exec"},
			} {
				if w.mode = kind.mode; w.mode != "" && w.database == "" {
					continue
				}
				for _, replicas := range []int{1, 3} {
					for _, connections := range []int{16, 64} {
						b.Run(fmt.Sprintf("%s/%d-replicas/%d-connections", kind.name, replicas, connections), func(b *testing.B) {
							w.against(b, path, replicas, connections, kind.ask, kind.more...)
						})
					}
				}
			}
		})
	}
}

// BenchmarkGrowth: what the requests cost as accounts grow, with every key in use, and the memory that takes.
func BenchmarkGrowth(b *testing.B) {
	path := program(b)
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			cluster := d.start(b)
			for _, keys := range []int{1, 1000, 1_000_000} {
				b.Run(fmt.Sprint(keys), func(b *testing.B) {
					began := time.Now()
					w := newWorld(b, cluster, keys)
					b.Logf("filled in %v", time.Since(began).Round(time.Millisecond))
					w.mint(b)
					for name, ask := range map[string]func(int64) request{"token": w.asksForToken, "introspect": w.asksAboutToken} {
						b.Run(name, func(b *testing.B) { w.grown(b, path, ask) })
					}
				})
			}
		})
	}
}

func (w *world) grown(b *testing.B, path string, ask func(int64) request) {
	b.Helper()
	addresses, pids := w.serve(b, path, 1)
	b.Logf("listens after %v", w.startTook.Round(time.Millisecond))
	l := &load{servers: addresses, connections: 64, request: ask}
	for l.sent.Load() < int64(w.keys) { // every key once
		l.run(b, roundTakes, pids)
	}
	others, otherPIDs := bare(b, 1)
	compare(b, l, &load{servers: others, connections: 64, request: ask}, pids, otherPIDs)
	_, most := residentOf(pids[0])
	b.ReportMetric(most, "most-MiB")
	b.ReportMetric(w.startTook.Seconds()*1e3, "start-ms")
}

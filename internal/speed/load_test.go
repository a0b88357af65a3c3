//go:build linux

package speed

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// roundTakes is how long each of the two is under load before it is the other's turn.
const roundTakes = time.Second

// request is one request of a load.
type request struct {
	path, user, password string
	body                 string
}

// load sends requests over as many connections as there are, each connection to one of the servers.
type load struct {
	servers     []string
	connections int
	request     func(n int64) request // the n-th of all
	clients     []*http.Client
	sent        atomic.Int64
}

// measured is what a round came to.
type measured struct {
	rate     float64 // answers a second
	p50, p99 time.Duration
	cpu      time.Duration // of the servers, an answer
}

// run keeps the connections busy for a time. Every answer must be 200.
func (l *load) run(b *testing.B, takes time.Duration, pids []int) measured {
	b.Helper()
	for len(l.clients) < l.connections {
		l.clients = append(l.clients, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}})
	}
	all := make([][]time.Duration, l.connections)
	var wg sync.WaitGroup
	var wrong atomic.Pointer[string]
	before, began := cpuOf(pids), time.Now()
	for c := range l.connections {
		wg.Go(func() {
			server := l.servers[c%len(l.servers)]
			for time.Since(began) < takes {
				sent := time.Now()
				if err := l.send(l.clients[c], server, l.request(l.sent.Add(1)-1)); err != nil {
					text := err.Error()
					wrong.Store(&text)
					return
				}
				all[c] = append(all[c], time.Since(sent))
			}
		})
	}
	wg.Wait()
	took, used := time.Since(began), cpuOf(pids)-before
	if text := wrong.Load(); text != nil {
		b.Fatal(*text)
	}
	times := slices.Concat(all...)
	slices.Sort(times)
	n := len(times)
	return measured{float64(n) / took.Seconds(), times[n/2], times[n*99/100], used / time.Duration(n)}
}

func (l *load) send(client *http.Client, server string, q request) error {
	r, err := http.NewRequest(http.MethodPost, server+q.path, strings.NewReader(q.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(q.user, q.password)
	reply, err := client.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(reply.Body)
	_ = reply.Body.Close()
	if err == nil && (reply.StatusCode != http.StatusOK || bytes.Contains(body, []byte(`"active":false`))) {
		err = fmt.Errorf("%s: %d %s", q.path, reply.StatusCode, body)
	}
	return err
}

// cpuOf gives the time processes have had on the processors, in the hundredths of a second that proc(5) counts.
func cpuOf(pids []int) (sum time.Duration) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+2:]))
		for _, field := range fields[11:13] {
			ticks, _ := strconv.Atoi(field)
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}

// residentOf gives how much memory a process has, in MiB: now, and at most so far.
func residentOf(pid int) (now, most float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			most = kib / 1024
		}
	}
	return now, most
}

// asBare makes this test program the process that only answers.
const asBare = "APIKEY_SPEED_BARE"

// bareReply is as long as the answer to an introspection.
var bareReply = bytes.Repeat([]byte("x"), 320)

func TestMain(m *testing.M) {
	if os.Getenv(asBare) == "" {
		os.Exit(m.Run())
	}
	server := &http.Server{
		Addr: os.Getenv(asBare), ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(bareReply)))
			_, _ = w.Write(bareReply)
		}),
	}
	fmt.Println(server.ListenAndServe())
	os.Exit(1)
}

// bare starts so many of it.
func bare(b *testing.B, processes int) (addresses []string, pids []int) {
	b.Helper()
	for range processes {
		address := freeAddress(b)
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{asBare + "=" + address}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		await(b, address)
		addresses, pids = append(addresses, "http://"+address), append(pids, cmd.Process.Pid)
	}
	return addresses, pids
}

// compare loads the two in turn, once an iteration, and reports the medians.
func compare(b *testing.B, ours, other *load, ourPIDs, otherPIDs []int) {
	b.Helper()
	for range 1 + 3*len(ours.servers) { // until each replica has read what it keeps in memory
		ours.run(b, roundTakes, ourPIDs)
	}
	other.run(b, roundTakes, otherPIDs)
	var ratios, cpus, rates, bares, p50, p99, bareP99 []float64
	for b.Loop() {
		base := other.run(b, roundTakes, otherPIDs)
		got := ours.run(b, roundTakes, ourPIDs)
		ratios, cpus = append(ratios, got.rate/base.rate), append(cpus, float64(got.cpu)/float64(base.cpu))
		rates, bares = append(rates, got.rate), append(bares, base.rate)
		bareP99 = append(bareP99, base.p99.Seconds()*1e3)
		p50, p99 = append(p50, got.p50.Seconds()*1e3), append(p99, got.p99.Seconds()*1e3)
	}
	b.ReportMetric(0, "ns/op")
	for unit, all := range map[string][]float64{
		"÷bare": ratios, "cpu÷bare": cpus, "req/s": rates, "bare-req/s": bares, "p50-ms": p50, "p99-ms": p99, "bare-p99-ms": bareP99,
	} {
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2], unit)
	}
	resident := 0.0
	for _, pid := range ourPIDs {
		now, _ := residentOf(pid)
		resident = max(resident, now)
	}
	b.ReportMetric(resident, "MiB")
}

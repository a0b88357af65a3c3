//go:build unix

package trials

import (
	"bufio"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// What a service may grow by while it is abused, beyond what it was when nobody did. They are bounds on what can pile up,
// far above what comes together, and no measure of speed.
const (
	memoryBound = 192 << 20     // bytes of resident memory
	fileBound   = 24 << 20      // bytes of the database and its write-ahead log
	rowsBound   = 10_000 + 1000 // an account's idempotency records (see keyservice), and what users do meanwhile
)

// Requests that are not what they seem.
const (
	endlessBody = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{"
	twoLengths  = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"0\r\n\r\nGET /v1/key HTTP/1.1\r\n\r\n"
	noHTTP = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
)

// abuses are what clients do that no honest one does. Who is signed in is mallory, who has a key.
var abuses = []abuse{
	{"headers that never end", holding(pick(200, 1500), "GET /v1/key HTTP/1.1\r\nHost: x\r\nX: ", "x"), 0},
	{"bodies that never end", holding(pick(200, 1500), endlessBody, " "), 0},
	{"connections that say nothing", holding(pick(200, 1500), "", ""), 0},
	{"more connections than there may be", holding(pick(100, 6000), "GET /v1/key HTTP/1.1\r\n", ""), 0},
	{"connections that come and go", repeating(pick(8, 64), "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0},
	{"headers that are too big", repeating(4, "GET /v1/key HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2<<20)+"\r\n\r\n"), 0},
	{"bodies that are too big", repeating(4, post("/v1/sessions", typeJSON, `{"loginId":"`+strings.Repeat("x", 2<<20)+`"}`)), 0},
	{"deep JSON", paced(2000, 16, same(post("/v1/sessions", typeJSON, strings.Repeat(`{"a":[`, 2500)))), 0},
	{"tricks with paths and methods", paced(2000, 16, tricks), 0},
	{"what is no HTTP", repeating(4, noHTTP+strings.Repeat("\x00", 500)), 0},
	{"two lengths of one body", repeating(4, twoLengths), 0},
	{"10,000 wrong secrets a second", paced(10_000, 64, wrongSecrets), 0},
	{"guessed passwords", paced(200, 16, guessedPasswords), 0},
	{"guessed sessions", paced(2000, 16, same("GET /v1/key HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer aps_"+strings.Repeat("0", 49)+"\r\n\r\n")), 0},
	{"new Idempotency-Keys: generate, signed in", paced(2000, 16, newAttempts("/v1/key", true)), 0},
	{"new Idempotency-Keys: recover, signed in", paced(2000, 16, newAttempts("/v1/key/recover", true)), http.StatusTooManyRequests},
	{"new Idempotency-Keys: generate, no session", paced(2000, 16, newAttempts("/v1/key", false)), 0},
	{"new Idempotency-Keys: recover, no session", paced(2000, 16, newAttempts("/v1/key/recover", false)), 0},
}

// TestService_Abused: while somebody abuses the service, everybody else goes on. Clients that have the right secret get
// tokens, clients that have a session read their key, a person's commands are done: without one error. Nothing that is
// abused is given anything, nothing breaks inside, and memory, files and the database stay bounded.
func TestService_Abused(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process uses can be seen on Linux only")
	}
	tool := build(t)
	s := newService(t, buildService(t), "ada", "grace", "mallory", "victim")
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	u, _ := signedIn(t, tool, s, "ada")
	u.does("generate")
	good := newGood(t, s, "grace")
	on := target{s.address, good.accessKey, newGood(t, s, "mallory").session}
	open, rows, files := s.openFiles(t), s.rows(t), s.fileBytes(t)
	quiet := good.phase(time.Duration(pick(300, 5000)) * time.Millisecond)
	ceiling := s.memory(t) + memoryBound
	report := []string{figuresHead}
	for n, a := range abuses {
		t.Run(a.name, func(t *testing.T) {
			f := figures{name: a.name, quiet: quiet}
			if long {
				f.quiet = good.phase(3 * time.Second)
			}
			f.before, f.rows = s.memory(t), -s.rows(t)
			theirs, ours := s.processorTime(t), ownProcessorTime(t)
			peak := watchMemory(t, s)
			l, began := a.begin(on), time.Now()
			for f.load = l; ; {
				f.under.add(good.phase(time.Duration(pick(150, 12_000)) * time.Millisecond))
				if !long || a.until == 0 || l.statuses[a.until].Load() > 0 || time.Since(began) > 10*patience {
					break
				}
			}
			if long || n%4 == 0 {
				u.goesOn(t)
			}
			f.took, f.theirs, f.ours = time.Since(began), s.processorTime(t)-theirs, ownProcessorTime(t)-ours
			l.stop()
			f.peak = peak()
			time.Sleep(time.Duration(pick(0, 2000)) * time.Millisecond)
			f.after, f.rows = s.memory(t), f.rows+s.rows(t)
			report = append(report, f.String())
			f.check(t, ceiling, a.until)
		})
	}
	most, err := s.status("VmHWM")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("at most %d MiB were resident, %d when it was quiet\n%s", most>>20, (ceiling-memoryBound)>>20, strings.Join(report, "\n"))
	if got := s.rows(t) - rows; got > rowsBound {
		t.Errorf("%d rows have come to the database, bound is %d", got, rowsBound)
	}
	if got := s.fileBytes(t) - files; got > fileBound {
		t.Errorf("the database has grown by %d KiB, bound is %d", got>>10, fileBound>>10)
	}
	s.settles(t, open)
	for _, word := range []string{`"level":"ERROR"`, "panic", "goroutine "} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, firstWith(s.log.String(), word))
		}
	}
}

// goesOn does what a person does.
func (u user) goesOn(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"status"}, {"check", "--live"}, {"regenerate", "--yes"}, {"check", "--live"}} {
		if e, err := u.within(patience, nil, args...); err != nil || e.status != 0 {
			t.Errorf("apikey %v: %v %v", args, e, err)
		}
	}
}

// settles waits until the service holds no more open than it did.
func (s *service) settles(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(patience); s.openFiles(t) > before+20; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files are open, there were %d", s.openFiles(t), before)
		}
	}
}

// status gives a size of the service's memory as Linux tells it (proc(5)), in bytes.
func (s *service) status(name string) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("the service has no %s: it has ended", name)
}

// memory is what of the service is resident.
func (s *service) memory(t *testing.T) int64 {
	t.Helper()
	size, err := s.status("VmRSS")
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// watchMemory looks at the memory again and again, until peak is asked for.
func watchMemory(t *testing.T, s *service) (peak func() int64) {
	t.Helper()
	most, end, ended := s.memory(t), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(10 * time.Millisecond):
				size, _ := s.status("VmRSS") // the last look tells of an error
				most = max(most, size)
			}
		}
	}()
	return func() int64 { close(end); <-ended; return max(most, s.memory(t)) }
}

// processorTime is what the service has used of the processors (proc(5); Linux counts in hundredths of a second).
func (s *service) processorTime(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text))
	ticks, err := strconv.ParseInt(fields[13], 10, 64)
	more, errMore := strconv.ParseInt(fields[14], 10, 64)
	if err := errors.Join(err, errMore); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ticks+more) * 10 * time.Millisecond
}

// ownProcessorTime is what this process has used.
func ownProcessorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// databaseFile is where a service has its database.
func (s *service) databaseFile() string { return filepath.Join(s.data, "apikeyd.db") }

// rows counts the rows of all tables.
func (s *service) rows(t *testing.T) (count int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.databaseFile()+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var tables string
	const all = "SELECT group_concat('SELECT count(*) AS n FROM ' || name, ' UNION ALL ') FROM sqlite_schema WHERE type = 'table'"
	if err := db.QueryRow(all).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow("SELECT sum(n) FROM (" + tables + ")").Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

// fileBytes is the size of the database and of what it has not yet taken in.
func (s *service) fileBytes(t *testing.T) (size int64) {
	t.Helper()
	for _, path := range []string{s.databaseFile(), s.databaseFile() + "-wal"} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}

// figures are what was measured while the service was abused.
type figures struct {
	name                string
	quiet, under        measured
	load                *load
	took                time.Duration
	theirs, ours        time.Duration // processor time of the service, and of those who abuse it and the good clients
	before, peak, after int64         // bytes resident
	rows                int           // that came to the database
}

// check fails if a good client was refused anything, or who abuses was not; and if more memory is used than may be.
func (f figures) check(t *testing.T, ceiling int64, until int) {
	t.Helper()
	for _, err := range f.under.errors {
		t.Errorf("a good client: %v", err)
	}
	if len(f.under.tokens) == 0 || len(f.under.keys) == 0 {
		t.Error("no good client got anything done")
	}
	if f.peak > ceiling {
		t.Errorf("%d MiB are resident, bound is %d", f.peak>>20, ceiling>>20)
	}
	f.load.check(t)
	if long && until != 0 && f.load.statuses[until].Load() == 0 {
		t.Errorf("nothing was answered %d: %v", until, f.load.answers())
	}
}

const figuresHead = "| abuse | sent a second | answers a second | token: quiet p50 / p99, abused | key: quiet p50 / p99, abused " +
	"| good requests, errors | MiB before, peak, after | rows | cores: service, clients |\n|---|---:|---|---|---|---|---|---:|---|"

func (f figures) String() string {
	a := func(n int64) string { return fmt.Sprintf("%.0f", float64(n)/f.took.Seconds()) }
	var answers []string
	got := f.load.answers()
	for _, status := range slices.Sorted(maps.Keys(got)) {
		answers = append(answers, fmt.Sprintf("%d: %s", status, a(got[status])))
	}
	sent := a(f.load.sent.Load())
	if f.load.asked > 0 {
		sent += fmt.Sprintf(" of %d", f.load.asked)
	}
	return fmt.Sprintf("| %s | %s | %s | %s, %s | %s, %s | %d, %d | %d, %d, %d | %d | %.2f, %.2f |", f.name, sent, strings.Join(answers, ", "),
		f.quiet.tokens, f.under.tokens, f.quiet.keys, f.under.keys, len(f.under.tokens)+len(f.under.keys), len(f.under.errors),
		f.before>>20, f.peak>>20, f.after>>20, f.rows, f.theirs.Seconds()/f.took.Seconds(), f.ours.Seconds()/f.took.Seconds())
}

func firstWith(text, word string) string {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if strings.Contains(lines.Text(), word) {
			return lines.Text()
		}
	}
	return ""
}

// openFiles counts the files and connections the service holds open.
func (s *service) openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestService_ManySecretsAtOnce_OnlyTheRightOneIsTaken: wrong secrets, almost right ones among them, from many clients at
// once never get a token, and never keep the right one from getting one.
func TestService_ManySecretsAtOnce_OnlyTheRightOneIsTaken(t *testing.T) {
	tool := build(t)
	s := newService(t, buildService(t), "ada")
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	u, _ := signedIn(t, tool, s, "ada")
	u.does("generate")
	key, err := u.state()
	if err != nil {
		t.Fatal(err)
	}
	right := u.does("secret")
	grant := func(secret string) int {
		r, err := http.NewRequest(http.MethodPost, "http://"+s.address+"/token", strings.NewReader("grant_type=client_credentials"))
		if err != nil {
			return 0
		}
		r.Header.Set("Content-Type", form)
		r.SetBasicAuth(key.AccessKey, secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range pick(20, 2000) {
				wrong, err := keyapi.NewAccessSecret(rand.Reader)
				if err != nil {
					t.Error(err)
					return
				}
				secret := wrong.Reveal()
				switch i % 4 {
				case 1:
					secret = right[:len(right)-1]
				case 2:
					secret = strings.ToLower(right)
				}
				if n == 0 && i%4 == 3 {
					if status := grant(right); status != http.StatusOK {
						t.Errorf("the right secret: %d", status)
					}
					continue
				}
				if status := grant(secret); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
					t.Errorf("a wrong secret: %d", status)
				}
			}
		})
	}
	wg.Wait()
}

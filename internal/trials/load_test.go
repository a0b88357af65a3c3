//go:build unix

package trials

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// abuse is something a client does that no honest one does, on connections of its own, until it is told to end.
type abuse struct {
	name  string
	how   func(on target, l *load)
	until int // in the long form it goes on until it is answered with this status; 0 = for its time
}

// target is what is abused.
type target struct {
	address   string
	accessKey string        // somebody's
	session   keyapi.Secret // of the one who abuses
}

// load is what abuses, and what came of it.
type load struct {
	asked    int // requests a second that were to be sent; 0 = as many as it comes to
	sent     atomic.Int64
	statuses [600]atomic.Int64 // answers, by their status
	end      chan struct{}
	workers  sync.WaitGroup
}

func (a abuse) begin(on target) *load {
	l := &load{end: make(chan struct{})}
	a.how(on, l)
	return l
}

func (l *load) stop() {
	close(l.end)
	l.workers.Wait()
}

func (l *load) ended() bool {
	select {
	case <-l.end:
		return true
	default:
		return false
	}
}

// answers counts the answers by their status.
func (l *load) answers() map[int]int64 {
	found := map[int]int64{}
	for status := range l.statuses {
		if n := l.statuses[status].Load(); n > 0 {
			found[status] = n
		}
	}
	return found
}

// check fails if who abuses was given anything, or broke anything, or nothing was abused.
func (l *load) check(t *testing.T) {
	t.Helper()
	if l.sent.Load() == 0 {
		t.Error("nothing was sent")
	}
	for status, n := range l.answers() {
		if status < 400 || status >= 500 && status != http.StatusServiceUnavailable {
			t.Errorf("answered %d, %d times", status, n)
		}
	}
}

// answered reads one answer and notes it.
func (l *load) answered(from *bufio.Reader) error {
	resp, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	l.statuses[resp.StatusCode].Add(1)
	_, err = io.Copy(io.Discard, resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err == nil && resp.Close {
		err = io.EOF
	}
	return err
}

// worker does something on a connection again and again, on a new one whenever it gives an error.
func (l *load) worker(on target, do func(conn net.Conn, from *bufio.Reader) error) {
	l.workers.Go(func() {
		for !l.ended() {
			conn, err := net.DialTimeout("tcp", on.address, time.Second)
			if err != nil {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			done := make(chan struct{})
			go func() { // what waits for a connection waits no longer than the end
				select {
				case <-l.end:
				case <-done:
				}
				_ = conn.Close()
			}()
			for from := bufio.NewReader(conn); do(conn, from) == nil && !l.ended(); {
			}
			close(done)
		}
	})
}

// holding keeps many connections: it writes a text on each and goes on with it, piece by piece, or says no more for "".
func holding(count int, text, then string) func(target, *load) {
	return func(on target, l *load) {
		for range count {
			l.worker(on, func(conn net.Conn, from *bufio.Reader) error {
				l.sent.Add(1)
				if _, err := io.WriteString(conn, text); err != nil {
					return err
				}
				if then == "" {
					return l.answered(from)
				}
				over := make(chan struct{})
				go func() {
					defer close(over)
					_ = l.answered(from) // an answer ends it, and so does none
				}()
				for {
					select {
					case <-over:
						return io.EOF
					case <-time.After(500 * time.Millisecond):
						if _, err := io.WriteString(conn, then); err != nil {
							_ = conn.Close()
							<-over
							return err
						}
					}
				}
			})
		}
	}
}

// repeating sends the same again and again on some connections, a new one each time.
func repeating(workers int, request string) func(target, *load) {
	return func(on target, l *load) {
		for range workers {
			l.worker(on, func(conn net.Conn, from *bufio.Reader) error {
				l.sent.Add(1)
				go func() { _, _ = io.WriteString(conn, request) }() // the answer may come before all was sent
				_ = l.answered(from)
				return io.EOF
			})
		}
	}
}

// paced sends so many requests a second over some connections that stay open. Each connection has its requests at its own
// times; what is late is sent as soon as the answer before it is there.
func paced(rate, connections int, requests func(on target) func(n int64) string) func(target, *load) {
	return func(on target, l *load) {
		l.asked = rate
		request, began := requests(on), time.Now()
		var count atomic.Int64
		for at := range connections {
			due := int64(0)
			l.worker(on, func(conn net.Conn, from *bufio.Reader) error {
				due++
				when := began.Add(time.Second * time.Duration(due*int64(connections)+int64(at)) / time.Duration(rate))
				time.Sleep(time.Until(when))
				l.sent.Add(1)
				if _, err := io.WriteString(conn, request(count.Add(1))); err != nil {
					return err
				}
				return l.answered(from)
			})
		}
	}
}

// post is a request with a body as it stands on the wire.
func post(path, contentType, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, contentType, len(body), body)
}

const (
	form     = "application/x-www-form-urlencoded"
	typeJSON = "application/json"
)

// same sends the same request every time.
func same(request string) func(target) func(int64) string {
	return func(target) func(int64) string { return func(int64) string { return request } }
}

// tricks are requests that are to reach what their path or their method does not name.
func tricks(target) func(int64) string {
	var all []string
	for _, path := range []string{
		"/v1/../v1/key", "//v1/key", "/v1//key", "/v1/key/", "/v1/key/.", "/v1/key/..", "/v1/./key", "/v1/key%2f", "/v1/key%00", "/V1/KEY",
		"/%76%31/key", "/v1/key;x=1", "/v1/key?session=aps_", "/v1/sessions/..%2fcurrent", "/v1/sessions/%2e%2e", "/metrics", "/debug/pprof/",
		"/.git/config", "/etc/passwd", "/token/", "/token?grant_type=client_credentials", "http://other.example/v1/key",
		"/" + strings.Repeat("a/", 4000), "/" + strings.Repeat("%2e%2e%2f", 1000), "/v1/key/events?cursor=" + strings.Repeat("9", 4000),
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "KEY", "get"} {
			all = append(all, method+" "+path+" HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: GET\r\nX-Original-URL: /v1/key\r\nContent-Length: 0\r\n\r\n")
		}
	}
	return func(n int64) string { return all[n%int64(len(all))] }
}

// wrongSecrets are secrets, each well-formed, of somebody's key and of ever new ones that are not there, in turn.
func wrongSecrets(on target) func(int64) string {
	var secrets []string
	for range 500 {
		secret, err := keyapi.NewAccessSecret(rand.Reader)
		if err != nil {
			panic(err)
		}
		secrets = append(secrets, secret.Reveal())
	}
	return func(n int64) string {
		accessKey := on.accessKey
		if n%2 == 0 {
			accessKey = fmt.Sprintf("AK%018d", n)
		}
		return post("/token", form, "grant_type=client_credentials&client_id="+accessKey+"&client_secret="+secrets[n%int64(len(secrets))])
	}
}

// guessedPasswords are of an account that is there and of ever new ones that are not, in turn.
func guessedPasswords(target) func(int64) string {
	return func(n int64) string {
		login := "victim"
		if n%2 == 0 {
			login = fmt.Sprintf("victim%d", n)
		}
		return post("/v1/sessions", typeJSON, fmt.Sprintf(`{"loginId":"%s","password":"guess %d"}`, login, n))
	}
}

// newAttempts are requests each of which has an Idempotency-Key of its own.
func newAttempts(path string, signedIn bool) func(target) func(int64) string {
	return func(on target) func(int64) string {
		session := ""
		if signedIn {
			session = "Authorization: Bearer " + on.session.Reveal() + "\r\n"
		}
		began := time.Now().UnixNano()
		return func(n int64) string {
			return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\n%sIdempotency-Key: ik_%022d\r\nContent-Length: 0\r\n\r\n", path, session, began+n)
		}
	}
}

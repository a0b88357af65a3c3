//go:build unix

package trials

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// abuse is something a client does that no honest one does, on connections of its own, until it is told to end.
type abuse struct {
	name string
	do   func(address string, end <-chan struct{})
}

// holding opens many connections, writes a text on each and goes on with it, a byte at a time, until the end.
func holding(count int, text string, then byte) func(string, <-chan struct{}) {
	return func(address string, end <-chan struct{}) {
		for range count {
			go func() {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				defer func() { _ = conn.Close() }()
				if _, err := io.WriteString(conn, text); err != nil {
					return
				}
				for {
					select {
					case <-end:
						return
					case <-time.After(100 * time.Millisecond):
						if _, err := conn.Write([]byte{then}); err != nil {
							return
						}
					}
				}
			}()
		}
	}
}

// repeating sends requests on some connections, one after the other, until the end.
func repeating(workers int, request string) func(string, <-chan struct{}) {
	return func(address string, end <-chan struct{}) {
		for range workers {
			go func() {
				for {
					select {
					case <-end:
						return
					default:
					}
					conn, err := net.Dial("tcp", address)
					if err != nil {
						return
					}
					_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
					_, _ = io.WriteString(conn, request)
					_, _ = io.Copy(io.Discard, conn)
					_ = conn.Close()
				}
			}()
		}
	}
}

// post is a request with a body as it stands on the wire.
func post(path, contentType, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
		path, contentType, len(body), strings.Join(append(headers, ""), "\r\n"), body)
}

const form = "application/x-www-form-urlencoded"

var abuses = []abuse{
	{"headers that never end", holding(200, "GET /v1/key HTTP/1.1\r\nHost: x\r\nX: ", 'x')},
	{"bodies that never end", holding(200, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", ' ')},
	{"connections that say nothing", holding(300, "", '\n')},
	{"bodies that are too big", repeating(4, post("/v1/sessions", "application/json", `{"loginId":"`+strings.Repeat("x", 2<<20)+`"}`))},
	{"headers that are too big", repeating(4, "GET /v1/key HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2<<20)+"\r\n\r\n")},
	{"nested JSON", repeating(4, post("/v1/sessions", "application/json", strings.Repeat("[", 20000)))},
	{"what is no HTTP", repeating(4, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 500))},
	{"two lengths of one body", repeating(4, "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/key HTTP/1.1\r\n\r\n")},
	{"guessed secrets", repeating(4, post("/token", form, "grant_type=client_credentials&client_id=AK0123456789ABCDEFGH&client_secret=aks_wrong"))},
	{"guessed passwords of others", repeating(8, post("/v1/sessions", "application/json", `{"loginId":"victim","password":"guess"}`))},
	{"guessed sessions", repeating(4, "GET /v1/key HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer aps_"+strings.Repeat("0", 49)+"\r\n\r\n")},
}

// TestService_Abused: while somebody abuses the service, a user who has a session and a key goes on: actions are done,
// the right secret is accepted. Afterwards nothing has piled up, and nothing broke inside.
func TestService_Abused(t *testing.T) {
	tool := build(t)
	s := newService(t, buildService(t), "ada", "victim")
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	u, _ := signedIn(t, tool, s, "ada")
	u.does("generate")
	before := s.openFiles(t)
	for n, a := range abuses {
		if !long && n%3 != 0 {
			continue
		}
		end := make(chan struct{})
		a.do(s.address, end)
		time.Sleep(time.Duration(pick(200, 2000)) * time.Millisecond)
		for _, args := range [][]string{{"status"}, {"check", "--live"}, {"regenerate", "--yes"}, {"check", "--live"}} {
			e, err := u.within(patience, nil, args...)
			if err != nil || e.status != 0 {
				t.Errorf("%s: apikey %v: %v %v", a.name, args, e, err)
			}
		}
		close(end)
	}
	deadline := time.Now().Add(patience)
	for s.openFiles(t) > before+20 {
		if time.Now().After(deadline) {
			t.Fatalf("%d files are open, there were %d", s.openFiles(t), before)
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, word := range []string{`"level":"ERROR"`, "panic", "goroutine "} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, firstWith(s.log.String(), word))
		}
	}
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
		t.Skipf("what a process has open cannot be seen here: %v", err)
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

//go:build unix

package trials

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// good are two clients of one account that do what it is for: one takes tokens with the right secret, on a connection
// that stays; one reads the key with a session, on a new connection each time.
type good struct {
	session           keyapi.Secret
	accessKey, secret string
	url               string
	lasting, fleeting *http.Client
}

// newGood signs in and makes a key.
func newGood(t *testing.T, s *service, login string) good {
	t.Helper()
	ctx, url := context.Background(), "http://"+s.address
	c, err := keyapi.NewClient(keyapi.ClientOptions{Server: url, UserAgent: "trials"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.SignIn(ctx, keyapi.SignIn{LoginID: login, Password: keyapi.NewSecret(password)})
	if err != nil {
		t.Fatal(err)
	}
	c.SetSession(session.Token)
	once, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.Generate(ctx, keyapi.Change{IdempotencyKey: once})
	if err != nil {
		t.Fatal(err)
	}
	return good{
		session: session.Token, accessKey: made.Key.AccessKey, secret: made.AccessSecret.Reveal(), url: url,
		lasting:  &http.Client{Transport: &http.Transport{}, Timeout: patience},
		fleeting: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience},
	}
}

func (g good) takeToken() error {
	r, err := http.NewRequest(http.MethodPost, g.url+"/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", form)
	r.SetBasicAuth(g.accessKey, g.secret)
	return expect(g.lasting, r, `"access_token":`)
}

func (g good) readKey() error {
	r, err := http.NewRequest(http.MethodGet, g.url+"/v1/key", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+g.session.Reveal())
	return expect(g.fleeting, r, g.accessKey)
}

// expect makes a request whose answer must be a success that holds a text.
func expect(c *http.Client, r *http.Request, text string) error {
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), text) {
		return fmt.Errorf("%s %s: %d %s", r.Method, r.URL.Path, resp.StatusCode, body)
	}
	return nil
}

// times are how long requests took.
type times []time.Duration

// at gives the time that a part of them did not exceed.
func (ts times) at(part float64) time.Duration {
	if len(ts) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(ts))[int(part*float64(len(ts)-1))]
}

func (ts times) String() string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%.1f / %.1f ms", ms(ts.at(0.5)), ms(ts.at(0.99)))
}

// measured is what the good clients saw.
type measured struct {
	tokens, keys times
	errors       []error
}

// add takes what was seen after it in.
func (m *measured) add(more measured) {
	m.tokens, m.keys, m.errors = append(m.tokens, more.tokens...), append(m.keys, more.keys...), append(m.errors, more.errors...)
}

// phase lets both go on for a while, each with a pause after every request.
func (g good) phase(length time.Duration) (m measured) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	end := time.Now().Add(length)
	for _, client := range []struct {
		do   func() error
		note *times
	}{{g.takeToken, &m.tokens}, {g.readKey, &m.keys}} {
		wg.Go(func() {
			for again := true; again; again = time.Now().Before(end) {
				began := time.Now()
				err := client.do()
				mu.Lock()
				if err != nil {
					m.errors = append(m.errors, err)
				} else {
					*client.note = append(*client.note, time.Since(began))
				}
				mu.Unlock()
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	return m
}

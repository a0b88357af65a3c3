package keyapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// ways are the ways in which a service that got the request fails, so that another try may help.
var ways = map[string]func(http.ResponseWriter){
	"hangs up":     hangUp,
	"bad gateway":  func(w http.ResponseWriter) { reply(w, 502, "text/html", "<html>") },
	"unavailable":  func(w http.ResponseWriter) { problem(w, 503, keyapi.CodeUnavailable) },
	"slow gateway": func(w http.ResponseWriter) { reply(w, 504, "text/html", "<html>") },
	"rate-limited": func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "1")
		problem(w, 429, keyapi.CodeRateLimited)
	},
	"half an answer": func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		reply(w, 200, "application/json", `{"schema":1`)
	},
}

// Reads, and changes that carry an Idempotency-Key, are repeated with the same one; nothing else is.
func TestClient_FailsOnce_IsRepeatedIfThatIsSafe(t *testing.T) {
	for way, fail := range ways {
		for _, call := range calls() {
			t.Run(way+"/"+call.name, func(t *testing.T) {
				s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
					if n == 1 {
						fail(w)
						return
					}
					reply(w, call.status, "application/json", call.ok)
				})
				c, clock := client(t, s.URL)
				err := call.run(context.Background(), c)
				got := s.requests()
				if !call.repeatable || call.name == "Authenticate" && way == "rate-limited" {
					if err == nil || len(got) != 1 || len(clock.waits) != 0 {
						t.Fatalf("%d requests, waits %v, error %v; want one request and an error", len(got), clock.waits, err)
					}
					if want := call.changes && (way == "hangs up" || way == "half an answer" || way == "bad gateway" || way == "slow gateway"); want != (keyapi.CodeOf(err) == keyapi.CodeOutcomeUnknown) {
						t.Errorf("error %v (%s)", err, keyapi.CodeOf(err))
					}
					return
				}
				if err != nil || len(got) != 2 || len(clock.waits) != 1 {
					t.Fatalf("%d requests, waits %v, error %v; want two requests", len(got), clock.waits, err)
				}
				if got[0].line != got[1].line || got[0].body != got[1].body || fmt.Sprint(got[0].header) != fmt.Sprint(got[1].header) {
					t.Errorf("the tries differ:\n%v\n%v", got[0], got[1])
				}
			})
		}
	}
}

func TestClient_FailsAlways_EndsAfterFourTries(t *testing.T) {
	for way, want := range map[string]struct{ read, change keyapi.Code }{
		"hangs up":     {keyapi.CodeUnreachable, keyapi.CodeOutcomeUnknown},
		"bad gateway":  {keyapi.CodeUnavailable, keyapi.CodeOutcomeUnknown},
		"unavailable":  {keyapi.CodeUnavailable, keyapi.CodeUnavailable},
		"slow gateway": {keyapi.CodeUnavailable, keyapi.CodeOutcomeUnknown},
		"rate-limited": {keyapi.CodeRateLimited, keyapi.CodeRateLimited},
	} {
		for _, call := range []aCall{named("Key"), named("Generate")} {
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { ways[way](w) })
			c, clock := client(t, s.URL)
			code := want.read
			if call.changes {
				code = want.change
			}
			_ = wantCode(t, way+" "+call.name, call.run(context.Background(), c), code)
			waits := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}
			if way == "rate-limited" {
				waits = []time.Duration{time.Second, time.Second, time.Second}
			}
			if len(s.requests()) != 4 || !slices.Equal(clock.waits, waits) {
				t.Errorf("%s: %d tries with waits %v, want 4 with %v", way, len(s.requests()), clock.waits, waits)
			}
		}
	}
}

// What a later try says does not settle what became of an earlier one, unless it comes from behind the replay.
func TestClient_LostOnce_StaysUnknownUntilTheServiceKnows(t *testing.T) {
	for name, test := range map[string]struct {
		first, second func(http.ResponseWriter)
		want          keyapi.Code
	}{
		"lost, then signed out":     {hangUp, code(401, keyapi.CodeUnauthenticated), keyapi.CodeOutcomeUnknown},
		"lost, then not permitted":  {hangUp, code(403, keyapi.CodeNotPermitted), keyapi.CodeOutcomeUnknown},
		"lost, then rate-limited":   {hangUp, code(429, keyapi.CodeRateLimited), keyapi.CodeOutcomeUnknown},
		"lost, then another answer": {hangUp, func(w http.ResponseWriter) { reply(w, 404, "text/html", "") }, keyapi.CodeOutcomeUnknown},
		"lost, then refused":        {hangUp, code(409, keyapi.CodeKeyExists), keyapi.CodeKeyExists},
		"lost, then superseded":     {hangUp, code(410, keyapi.CodeSuperseded), keyapi.CodeSuperseded},
		"failed, then rate-limited": {code(503, keyapi.CodeUnavailable), code(429, keyapi.CodeRateLimited), keyapi.CodeOutcomeUnknown},
		"failed, then internal":     {code(503, keyapi.CodeUnavailable), code(500, keyapi.CodeInternal), keyapi.CodeInternal},
		"limited, then signed out":  {ways["rate-limited"], code(401, keyapi.CodeUnauthenticated), keyapi.CodeUnauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
				if n == 1 {
					test.first(w)
					return
				}
				test.second(w)
			})
			c, _ := client(t, s.URL)
			_ = wantCode(t, name, named("Generate").run(context.Background(), c), test.want)
			if n := len(s.requests()); n != 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A read has nothing to be unsure of.
func TestClient_LostRead_IsAnsweredByTheLastTry(t *testing.T) {
	for _, name := range []string{"Key", "Recover", "Authenticate"} {
		s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				hangUp(w)
				return
			}
			problem(w, 401, keyapi.CodeUnauthenticated)
		})
		c, _ := client(t, s.URL)
		_ = wantCode(t, name, named(name).run(context.Background(), c), keyapi.CodeUnauthenticated)
	}
}

func code(status int, c keyapi.Code) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { problem(w, status, c) }
}

// The server goes away after it took the first try: then the second was not sent, and that settles nothing.
func TestClient_LostAndThenUnreachable_IsUnknown(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { hangUp(w) })
	c, _ := client(t, s.URL, func(o *keyapi.ClientOptions) {
		o.Sleep = func(context.Context, time.Duration) error { s.Close(); return nil }
	})
	e := wantCode(t, "generate", named("Generate").run(context.Background(), c), keyapi.CodeOutcomeUnknown)
	var last *keyapi.Error
	if !errors.As(e.Err, &last) || last.Code != keyapi.CodeUnreachable {
		t.Errorf("the last try is not told: %v", e)
	}
}

func TestClient_BackOff_IsSpreadOverTheWholeSpan(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { problem(w, 503, keyapi.CodeUnavailable) })
	random := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0} // nothing, then the half, then no more
	c, clock := client(t, s.URL, func(o *keyapi.ClientOptions) { o.Random = bytes.NewReader(random) })
	_, err := c.Key(context.Background())
	_ = wantCode(t, "key", err, keyapi.CodeUnavailable)
	if want := []time.Duration{0, 100 * time.Millisecond, 400 * time.Millisecond}; !slices.Equal(clock.waits, want) {
		t.Errorf("waits %v, want %v", clock.waits, want)
	}
}

func TestClient_RetryAfter_BothForms(t *testing.T) {
	for header, want := range map[string]struct {
		told  time.Duration
		waits []time.Duration // of the one repetition; nil if it is too long to wait or nothing was said
	}{
		"3":                             {3 * time.Second, []time.Duration{3 * time.Second}},
		"0":                             {0, []time.Duration{100 * time.Millisecond}},
		"Mon, 23 Nov 2026 06:44:07 GMT": {7 * time.Second, []time.Duration{7 * time.Second}},
		"Mon, 23 Nov 2026 06:43:07 GMT": {0, []time.Duration{100 * time.Millisecond}},
		"31":                            {31 * time.Second, nil},
		"Mon, 23 Nov 2026 07:44:00 GMT": {time.Hour, nil},
		"99999999999999999":             {24 * time.Hour, nil},
		"Mon, 23 Nov 2099 07:44:00 GMT": {24 * time.Hour, nil},
		"soon":                          {0, []time.Duration{100 * time.Millisecond}},
		"":                              {0, nil},
	} {
		t.Run(header, func(t *testing.T) {
			limit := func(w http.ResponseWriter) {
				if header != "" {
					w.Header().Set("Retry-After", header)
				}
				problem(w, 429, keyapi.CodeRateLimited)
			}
			s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
				if n == 1 {
					limit(w)
					return
				}
				reply(w, 200, "application/json", keyBody)
			})
			c, clock := client(t, s.URL)
			_, err := c.Key(context.Background())
			if !slices.Equal(clock.waits, want.waits) {
				t.Errorf("waits %v, want %v", clock.waits, want.waits)
			}
			if want.waits != nil {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if e := wantCode(t, "key", err, keyapi.CodeRateLimited); e.RetryAfter != want.told {
				t.Errorf("told %v, want %v", e.RetryAfter, want.told)
			}
		})
	}
}

// The timeout is of the whole call: the waits count, and none is begun that ends after it.
func TestClient_Timeout_BoundsTheWaits(t *testing.T) {
	for timeout, tries := range map[time.Duration]int{4 * time.Second: 1, 6 * time.Second: 2, 11 * time.Second: 3, time.Minute: 4} {
		s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", strconv.Itoa(5))
			problem(w, 503, keyapi.CodeUnavailable)
		})
		c, _ := client(t, s.URL, func(o *keyapi.ClientOptions) { o.Timeout = timeout })
		_, err := c.Key(context.Background())
		if e := wantCode(t, "key", err, keyapi.CodeUnavailable); e.RetryAfter != 5*time.Second || len(s.requests()) != tries {
			t.Errorf("%v: %d tries, want %d; told %v", timeout, len(s.requests()), tries, e.RetryAfter)
		}
	}
}

// The caller's own deadline counts, too.
func TestClient_DeadlineOfTheCaller_BoundsTheWaits(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "20")
		problem(w, 503, keyapi.CodeUnavailable)
	})
	c, _ := client(t, s.URL, func(o *keyapi.ClientOptions) {
		o.Now = time.Now
		o.Sleep = func(_ context.Context, d time.Duration) error { t.Errorf("waits %v", d); return nil }
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := c.Key(ctx)
	_ = wantCode(t, "key", err, keyapi.CodeUnavailable)
}

// The real wait ends with the context.
func TestClient_CancelledWhileItWaits(t *testing.T) {
	for _, call := range []aCall{named("Key"), named("Generate")} {
		for way, want := range map[string]keyapi.Code{"unavailable": keyapi.CodeOutcomeUnknown, "rate-limited": keyapi.CodeUnreachable} {
			ctx, cancel := context.WithCancel(context.Background())
			s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "20")
				ways[way](w)
			})
			c, err := keyapi.NewClient(keyapi.ClientOptions{Server: s.URL, Log: onLine(cancel)})
			if err != nil {
				t.Fatal(err)
			}
			if !call.changes {
				want = keyapi.CodeUnreachable
			}
			if err := call.run(ctx, c); !errors.Is(err, context.Canceled) || keyapi.CodeOf(err) != want {
				t.Errorf("%s, %s: got %v (%s), want %s", call.name, way, err, keyapi.CodeOf(err), want)
			}
			cancel()
		}
	}
}

package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/metrics"
)

func page(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	reply := httptest.NewRecorder()
	m.Handler().ServeHTTP(reply, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if reply.Code != http.StatusOK {
		t.Fatalf("status %d", reply.Code)
	}
	return reply.Body.String()
}

func TestObserve(t *testing.T) {
	m := metrics.New()
	m.Observe("/v1/key", "GET", 200, time.Millisecond)
	m.Observe("/v1/key", "GET", 200, time.Millisecond)
	m.Observe("/v1/key", "POST", 201, time.Millisecond)
	m.Observe("/v1/key/disable", "POST", 409, time.Millisecond)
	m.Observe("/v1/key/regenerate", "POST", 500, time.Millisecond)
	m.Observe("", "", 404, time.Millisecond)
	got := page(t, m)
	for _, want := range []string{
		`apikeyd_http_requests_total{method="GET",route="/v1/key",status="200"} 2`,
		`apikeyd_http_requests_total{method="",route="",status="404"} 1`,
		`apikeyd_http_request_duration_seconds_count{method="GET",route="/v1/key"} 2`,
		`apikeyd_key_actions_total{action="generate",result="done"} 1`,
		`apikeyd_key_actions_total{action="disable",result="refused"} 1`,
		`apikeyd_key_actions_total{action="regenerate",result="failed"} 1`,
		"go_goroutines ",
		"process_start_time_seconds ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(got, "apikeyd_key_actions_total{"); n != 3 {
		t.Errorf("%d kinds of actions, want 3: looking at a key is none", n)
	}
}

func TestMails(t *testing.T) {
	m := metrics.New()
	m.MailsQueued(7)
	m.MailsQueued(3)
	m.MailTried("sent")
	m.MailTried("sent")
	m.MailTried("failed")
	got := page(t, m)
	for _, want := range []string{
		"apikeyd_mails_queued 3", `apikeyd_mails_total{result="sent"} 2`, `apikeyd_mails_total{result="failed"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestHandler_OnlyMetrics(t *testing.T) {
	for _, path := range []string{"/", "/v1/key", "/metrics/x", "/debug/pprof/"} {
		reply := httptest.NewRecorder()
		metrics.New().Handler().ServeHTTP(reply, httptest.NewRequest(http.MethodGet, path, nil))
		if reply.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, reply.Code)
		}
	}
}

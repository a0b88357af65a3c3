// Package metrics counts what a key service does, in the form Prometheus reads. It has no name, address or key in any
// label: what is counted must not tell who did it, and a label's values must be few.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// actions names the requests that act on a key.
var actions = map[string]string{
	"POST /v1/key":            "generate",
	"POST /v1/key/disable":    "disable",
	"POST /v1/key/activate":   "activate",
	"POST /v1/key/regenerate": "regenerate",
	"DELETE /v1/key":          "delete",
	"DELETE /v1/key/previous": "delete-previous",
}

// buckets are the bounds of the durations, in seconds: a check of a key takes some 100 µs, of a password some 30 ms, and
// no reply takes longer than 30 s.
var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30}

// Metrics is one set of counts. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	actions  *prometheus.CounterVec
	queued   prometheus.Gauge
	mails    *prometheus.CounterVec
}

// New makes a set with nothing counted yet, and the counts of the Go runtime and the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "apikeyd_http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "apikeyd_http_request_duration_seconds", Help: "How long answers took.", Buckets: buckets,
		}, []string{"route", "method"}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "apikeyd_key_actions_total", Help: "Actions on keys, by what became of them.",
		}, []string{"action", "result"}),
		queued: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "apikeyd_mails_queued", Help: "Mails in the database that wait to be sent.",
		}),
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "apikeyd_mails_total", Help: "Attempts to send a mail, by what became of them: sent, retried or failed (given up).",
		}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.actions, m.queued, m.mails, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe counts an answered request. It takes the route ("" if none matched), the method ("" if it is none that HTTP
// knows), the status and how long the answer took.
func (m *Metrics) Observe(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route, method).Observe(took.Seconds())
	if action := actions[method+" "+route]; action != "" {
		m.actions.WithLabelValues(action, result(status)).Inc()
	}
}

// MailsQueued says how many mails wait to be sent.
func (m *Metrics) MailsQueued(count int) { m.queued.Set(float64(count)) }

// MailTried counts an attempt to send a mail, by its result: sent, retried or failed.
func (m *Metrics) MailTried(result string) { m.mails.WithLabelValues(result).Inc() }

func result(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return "done"
	case status < http.StatusInternalServerError:
		return "refused"
	default:
		return "failed"
	}
}

// Handler serves the counts under /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

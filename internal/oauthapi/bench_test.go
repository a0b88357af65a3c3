package oauthapi_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/oauthapi/oauthtest"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// BenchmarkRefusal shows what the time of a refusal tells: that of an unknown Access Key beside that of a known one with
// a wrong secret, taken in turn. Run it with -benchtime=20000x; the figures are nanoseconds of the authorization server,
// whose part it is (over HTTP the network hides them).
func BenchmarkRefusal(b *testing.B) {
	s, ctx := oauthtest.Start(b), context.Background()
	key := s.Key("ada")
	wrong := keyapi.NewSecret(s.Key("bob").Secret)
	for range 1000 { // so that the index has some depth
		s.Key("many-" + time.Now().Format("150405.000000000"))
	}
	kinds := []struct {
		name, id string
		took     []time.Duration
	}{{name: "unknown", id: "AK000000000000000000"}, {name: "wrong", id: key.ID}}
	for b.Loop() {
		for i := range kinds {
			start := time.Now()
			if _, err := s.Auth.Issue(ctx, "192.0.2.1", kinds[i].id, wrong); err == nil {
				b.Fatal("accepted")
			}
			kinds[i].took = append(kinds[i].took, time.Since(start))
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, kind := range kinds {
		slices.Sort(kind.took)
		b.ReportMetric(float64(kind.took[len(kind.took)/2]), kind.name+"-median-ns")
		b.ReportMetric(float64(kind.took[len(kind.took)*9/10]), kind.name+"-p90-ns")
	}
}

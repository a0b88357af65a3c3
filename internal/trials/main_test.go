package trials

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// pick gives how many trials there are: in the short form, or in the long one.
func pick(short, soak int) int {
	if long {
		return soak
	}
	return short
}

// built makes the programs once for all tests of this package.
var built sync.Map

// build gives the path of the tool, built with tags.
func build(t testing.TB, tags ...string) string {
	t.Helper()
	return buildProgram(t, "../../cmd/apikey", tags...)
}

func buildProgram(t testing.TB, pkg string, tags ...string) string {
	t.Helper()
	once, _ := built.LoadOrStore(strings.Join(append(tags, pkg), " "), sync.OnceValue(func() string {
		return testkit.Build(lasting{t}, pkg, tags...)
	}))
	return once.(func() string)()
}

// lasting is a test whose cleaning up waits for the end of all tests.
type lasting struct{ testing.TB }

// Cleanup keeps a function for the end of all tests.
func (lasting) Cleanup(fn func()) {
	atTheEnd.Lock()
	defer atTheEnd.Unlock()
	atTheEnd.do = append(atTheEnd.do, fn)
}

var atTheEnd struct {
	sync.Mutex
	do []func()
}

// children are what this test program can be instead of the tests, by the value of asChild.
var children = map[string]func() int{}

const asChild = "APIKEY_TRIALS_CHILD"

func TestMain(m *testing.M) {
	if child := children[os.Getenv(asChild)]; child != nil {
		os.Exit(child())
	}
	status := m.Run()
	for _, fn := range atTheEnd.do {
		fn()
	}
	os.Exit(status)
}

// dice gives the random numbers of a test and tells their seed; APIKEY_TRIALS_SEED brings the same ones again.
func dice(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("APIKEY_TRIALS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("APIKEY_TRIALS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// each does trials on a few workers at once. A worker goes on in its own home: what trials leave behind adds up.
func each[T any](t *testing.T, trials []T, worker func() func(T)) {
	t.Helper()
	next := make(chan T)
	var wg sync.WaitGroup
	for range 4 {
		do := worker()
		wg.Go(func() {
			for trial := range next {
				do(trial)
			}
		})
	}
	for _, trial := range trials {
		next <- trial
	}
	close(next)
	wg.Wait()
}

// tally counts what became of trials.
type tally struct{ trials, faults, recovered atomic.Int64 }

func (c *tally) tell(t *testing.T) {
	t.Helper()
	t.Logf("%d trials: %d were struck by a fault, %d of them left a change whose secret the next run brought home",
		c.trials.Load(), c.faults.Load(), c.recovered.Load())
}

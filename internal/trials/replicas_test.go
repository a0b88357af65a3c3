//go:build linux

package trials

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// promised is how long after an acknowledged disable another replica may still say yes. Source: design, §7.
const promised = time.Second

// fleet is three replicas over one PostgreSQL, each behind a proxy of its own to the database.
type fleet struct {
	t        *testing.T
	replicas []*service
	proxies  []*toxiproxy.Proxy
	resource url.Values // the credential of a resource server
	http     *http.Client
}

// newFleet starts it with accounts that may have a key.
func newFleet(t *testing.T, logins ...string) *fleet {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy says much
	program, cluster := buildService(t), testkit.StartPostgres(t)
	database := cluster.Database(t)
	first := t.TempDir()
	run := func(stdin string, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(program, append(args, "--data", first, "--database", database)...)
		cmd.Env, cmd.Stdin = []string{"HOME=" + first, "TZ=UTC"}, strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	for _, login := range logins {
		run(password, "account", "add", login, "--key-permission", "--password-stdin")
	}
	var made struct{ Name, Secret string }
	if err := json.Unmarshal(run("", "resource", "add", "api", "-o", "json"), &made); err != nil || made.Secret == "" {
		t.Fatalf("%v %+v", err, made)
	}
	f := &fleet{t: t, resource: url.Values{"client_id": {"api"}, "client_secret": {made.Secret}}, http: &http.Client{
		Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
	key, err := os.ReadFile(filepath.Join(first, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for range 3 {
		proxy := toxiproxy.NewProxy(server, "", "127.0.0.1:0", fmt.Sprintf("127.0.0.1:%d", cluster.Port))
		if err := proxy.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(proxy.Stop)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "master.key"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(proxy.Listen, ":")
		through := strings.Replace(database, fmt.Sprintf(":%d/", cluster.Port), ":"+port+"/", 1)
		// One service to its clients: its tokens name it, whichever replica gave them.
		s := &service{program: program, data: dir, log: &lockedBuffer{}, where: []string{
			"--data", dir, "--database", through, "--issuer", "https://keys.example.com",
		}}
		t.Cleanup(s.end)
		f.replicas, f.proxies = append(f.replicas, s), append(f.proxies, proxy)
	}
	for _, s := range f.replicas {
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// befall does something to the network between a replica and the database, and gives what takes it away.
func (f *fleet) befall(n int, toxics ...string) (heal func()) {
	f.t.Helper()
	for _, toxic := range toxics {
		if _, err := f.proxies[n].Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			f.t.Fatal(err)
		}
	}
	return func() { f.proxies[n].Toxics.ResetToxics(context.Background()) }
}

// ask sends a form to a replica. status 0 means that there was no answer.
func (f *fleet) ask(n int, path string, form url.Values) (status int, body []byte, header http.Header) {
	reply, err := f.http.PostForm("http://"+f.replicas[n].at()+path, form)
	if err != nil {
		return 0, nil, nil
	}
	body, err = io.ReadAll(reply.Body)
	if errors.Join(err, reply.Body.Close()) != nil {
		return 0, nil, nil
	}
	return reply.StatusCode, body, reply.Header
}

// introspect asks a replica about a token: yes, no, or the status of an answer that is neither.
func (f *fleet) introspect(n int, token string) (yes bool, status int) {
	form := url.Values{"token": {token}, "client_id": f.resource["client_id"], "client_secret": f.resource["client_secret"]}
	status, body, header := f.ask(n, "/introspect", form)
	if status == http.StatusServiceUnavailable && header.Get("Retry-After") == "" {
		f.t.Error("503 without Retry-After")
	}
	return status == http.StatusOK && strings.Contains(string(body), `"active":true`), status
}

// token asks a replica for a token.
func (f *fleet) token(n int, key keyapi.Result) (string, int) {
	status, body, _ := f.ask(n, "/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {key.Key.AccessKey}, "client_secret": {key.AccessSecret.Reveal()},
	})
	var got struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal(body, &got) // an answer that is none has no token
	return got.Token, status
}

// owner is an account with its key.
type owner struct {
	api *keyapi.Client
	key keyapi.Result
}

func (f *fleet) owner(login string) *owner {
	f.t.Helper()
	o := &owner{}
	var err error
	if o.api, err = signIn("http://"+f.replicas[0].address, login); err != nil {
		f.t.Fatal(err)
	}
	attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	if o.key, err = o.api.Generate(context.Background(), keyapi.Change{IdempotencyKey: attempt}); err != nil {
		f.t.Fatal(err)
	}
	return o
}

// lag is what became of disables: how long after each acknowledgement the last yes was asked for, replica by replica; the
// statuses of answers that were neither yes nor no, and how long each took.
type lag struct {
	mu      sync.Mutex
	after   []time.Duration
	answers int
	late    int // yes to a question that was asked more than promised after the acknowledgement
	neither map[int]int
	longest time.Duration // of an answer that is neither
}

// disabled has a key on, disables it at the first replica, and asks the others all the while.
//
// That no question asked more than a second after the acknowledgement is answered yes is the promise itself, and counted
// from when the question was asked: a replica that is slow to reply, or a test that is slow to look, makes it no stricter.
func (l *lag) disabled(f *fleet, o *owner) {
	ctx := context.Background()
	if _, err := o.api.Activate(ctx, keyapi.Change{}); err != nil {
		f.t.Error(err)
		return
	}
	token, _ := f.token(0, o.key)
	var acknowledged atomic.Pointer[time.Time]
	var asking sync.WaitGroup
	for n := range f.replicas {
		for _, yes := range []func() (bool, int){
			func() (bool, int) { return f.introspect(n, token) },
			func() (bool, int) { got, status := f.token(n, o.key); return got != "", status },
		} {
			asking.Go(func() { l.asked(yes, &acknowledged) })
		}
	}
	time.Sleep(300 * time.Millisecond) // so that every replica has it in memory
	if _, err := o.api.Disable(ctx, keyapi.Change{}); err != nil {
		f.t.Error(err)
	}
	at := time.Now()
	acknowledged.Store(&at)
	asking.Wait()
}

// asked asks until a while after the acknowledgement.
func (l *lag) asked(yes func() (bool, int), acknowledged *atomic.Pointer[time.Time]) {
	var last time.Time // when the last question was asked that was answered yes
	for {
		asked := time.Now()
		at := acknowledged.Load()
		if at != nil && asked.Sub(*at) > promised+300*time.Millisecond {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.after = append(l.after, max(last.Sub(*at), 0))
			return
		}
		active, status := yes()
		took := time.Since(asked)
		if active {
			last = asked
		}
		l.mu.Lock()
		l.answers++
		if status != http.StatusOK && status != http.StatusBadRequest {
			l.neither[status]++
			l.longest = max(l.longest, took)
		}
		if at := acknowledged.Load(); active && at != nil && asked.Sub(*at) > promised {
			l.late++
		}
		l.mu.Unlock()
		time.Sleep(3 * time.Millisecond)
	}
}

func (l *lag) tell(t *testing.T, what string) {
	t.Helper()
	slices.Sort(l.after)
	at := func(share float64) time.Duration {
		return l.after[int(share*float64(len(l.after)-1))].Round(time.Millisecond)
	}
	t.Logf("%s: %d answers of 3 replicas to %d askers; last yes after the acknowledged disable: median %v, 90 %% %v, 99 %% %v, longest %v; neither yes nor no: %v, longest %v",
		what, l.answers, len(l.after), at(.5), at(.9), at(.99), at(1), l.neither, l.longest.Round(time.Millisecond))
	if l.late > 0 {
		t.Errorf("%s: %d questions that were asked more than %v after the disable were answered yes", what, l.late, promised)
	}
}

// TestReplicas_Disable_IsKnownEverywhereWithinASecond: whatever lies between a replica and the database, and also when
// nothing gets through, it is not of an old opinion for longer than that. A replica whose database is gone says 503.
func TestReplicas_Disable_IsKnownEverywhereWithinASecond(t *testing.T) {
	t.Parallel() // it mostly waits
	var logins []string
	for n := range pick(2, 4) {
		logins = append(logins, fmt.Sprintf("r%d", n))
	}
	f := newFleet(t, logins...)
	var owners []*owner
	for _, login := range logins {
		owners = append(owners, f.owner(login))
	}
	const (
		silent     = `{"type":"timeout","stream":"%s","attributes":{"timeout":0}}`
		slow       = `{"type":"latency","stream":"downstream","attributes":{"latency":%d,"jitter":%d}}`
		downstream = "downstream"
	)
	for _, c := range []struct {
		name   string
		toxics []string // between each replica but the first and the database
		gone   bool
		rounds int
	}{
		{"undisturbed", nil, false, pick(1, 20)},
		{"100 ms to the database", []string{fmt.Sprintf(slow, 100, 50)}, false, pick(0, 15)},
		{"400 ms to the database", []string{fmt.Sprintf(slow, 400, 100)}, false, pick(0, 15)},
		{"database silent", []string{fmt.Sprintf(silent, downstream)}, true, pick(1, 15)},
		{"database cut", []string{`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`}, true, pick(0, 15)},
	} {
		l := &lag{neither: map[int]int{}}
		for range c.rounds {
			var heals []func()
			var round sync.WaitGroup
			for i, o := range owners {
				round.Go(func() {
					time.Sleep(time.Duration(i) * 60 * time.Millisecond) // at different times of the poll
					l.disabled(f, o)
				})
			}
			time.Sleep(550 * time.Millisecond)
			if c.toxics != nil {
				for n := 1; n < len(f.replicas); n++ {
					heals = append(heals, f.befall(n, c.toxics...))
				}
			}
			round.Wait()
			for _, heal := range heals {
				heal()
			}
			f.well()
		}
		if c.rounds == 0 {
			continue
		}
		l.tell(t, c.name)
		if c.gone && l.neither[http.StatusServiceUnavailable] == 0 {
			t.Errorf("%s: no replica said that it can't answer", c.name)
		}
	}
}

// well waits until every replica has its database.
func (f *fleet) well() {
	f.t.Helper()
	for n := range f.replicas {
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			if yes, status := f.introspect(n, "none"); !yes && status == http.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				f.t.Fatalf("replica %d does not come back:\n%s", n, f.replicas[n].log)
			}
		}
	}
}

// TestReplicas_RollingRestart_FailsNobody: each replica is ended in order and started again while clients go on. A client
// that turns to another replica once never has to give up.
func TestReplicas_RollingRestart_FailsNobody(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ada")
	o := f.owner("ada")
	token, _ := f.token(0, o.key)
	var requests, again, failed atomic.Int64
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			for turn := n; ; turn++ {
				select {
				case <-stop:
					return
				default:
				}
				try := func(replica int) bool {
					if turn%4 == 0 {
						got, _ := f.token(replica, o.key)
						return got != ""
					}
					yes, _ := f.introspect(replica, token)
					return yes
				}
				requests.Add(1)
				if first := turn % len(f.replicas); !try(first) {
					again.Add(1)
					if !try((first + 1) % len(f.replicas)) {
						failed.Add(1)
					}
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	for range pick(1, 20) {
		for _, s := range f.replicas {
			if err := s.restart(); err != nil {
				t.Error(err)
			}
			f.well()
		}
	}
	close(stop)
	clients.Wait()
	t.Logf("%d requests, %d of them sent to another replica, %d without an answer", requests.Load(), again.Load(), failed.Load())
	if failed.Load() > 0 {
		t.Errorf("%d requests failed twice", failed.Load())
	}
}

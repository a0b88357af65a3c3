//go:build unix

package trials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// plague is what befalls the network between the tool and the service: a toxic of toxiproxy, or a breakage of the relay.
type plague struct {
	toxic string
	breakage
}

func (p plague) String() string {
	if p.toxic != "" {
		return p.toxic
	}
	return fmt.Sprintf("%s at byte %d, towards the service %v", p.does, p.at, p.up)
}

// others are the plagues beside the cuts: each has every reply late, in pieces or not at all.
var others = []string{
	`{"type":"latency","stream":"downstream","attributes":{"latency":60,"jitter":40}}`,
	`{"type":"latency","stream":"upstream","attributes":{"latency":60,"jitter":40}}`,
	`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`,
	`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`,
	`{"type":"timeout","stream":"downstream","attributes":{"timeout":30}}`,
	`{"type":"timeout","stream":"upstream","attributes":{"timeout":30}}`,
	`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`,
	`{"type":"reset_peer","stream":"upstream","attributes":{"timeout":0}}`,
	`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":4}}`,
	`{"type":"slow_close","stream":"downstream","attributes":{"delay":200}}`,
	`{"type":"slicer","stream":"downstream","attributes":{"average_size":1,"size_variation":0,"delay":50}}`,
	`{"type":"slicer","stream":"upstream","attributes":{"average_size":1,"size_variation":0,"delay":50}}`,
	`{"type":"bandwidth","stream":"downstream","attributes":{"rate":1}}`,
	`{"type":"bandwidth","stream":"upstream","attributes":{"rate":1}}`,
}

// plagues lists what can befall an order of which so many bytes go each way: a cut at every byte, and a reset, a half
// close and a stall at every seventh.
func plagues(up, down int64) (all []plague) {
	for _, toxic := range others {
		all = append(all, plague{toxic: toxic})
	}
	for _, way := range []struct {
		stream string
		up     bool
		bytes  int64
	}{{"upstream", true, up}, {"downstream", false, down}} {
		for at := int64(0); at <= way.bytes; at++ {
			cut := fmt.Sprintf(`{"type":"limit_data","stream":"%s","attributes":{"bytes":%d}}`, way.stream, at)
			all = append(all, plague{toxic: cut})
			if at%7 == 0 {
				for _, does := range []string{"half-close", "stall", "reset"} {
					all = append(all, plague{breakage: breakage{up: way.up, at: at, does: does}})
				}
			}
		}
	}
	return all
}

// befall puts a plague between a relay and a service and gives what takes it away.
func (p plague) befall(r *relay, s *service) (heal func(), err error) {
	if p.toxic == "" {
		r.lead(s.address, p.breakage)
		return func() { r.lead(s.address, breakage{}) }, nil
	}
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "", "127.0.0.1:0", s.address)
	if err := proxy.Start(); err != nil {
		return nil, err
	}
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(p.toxic)); err != nil {
		return nil, err
	}
	r.lead(proxy.Listen, breakage{})
	return func() {
		r.lead(s.address, breakage{})
		go func() { // a toxic that holds a connection holds the end of the proxy, too
			proxy.Toxics.ResetToxics(context.Background())
			proxy.Stop()
		}()
	}, nil
}

// TestNetwork_BreaksAnywhere: the connection between the tool and the service breaks at every byte of request and reply,
// is slow, silent, reset, half closed. The oracle is that of the package; and the exit status told the truth: 6 with
// "unreachable" means that nothing was changed, no other failure hides a change.
func TestNetwork_BreaksAnywhere(t *testing.T) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxiproxy says much
	tool, random := build(t), dice(t)
	s := newService(t, buildService(t), "measures", "w1", "w2", "w3", "w4")
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	type trial struct {
		order  order
		plague plague
	}
	var all []trial
	u, r := signedIn(t, tool, s, "measures")
	for _, o := range orders {
		if o.rests != "" {
			continue
		}
		if _, err := o.prepare(u); err != nil {
			t.Fatal(err)
		}
		r.lead(s.address, breakage{})
		u.does(append(o.args, "-o", "json")...)
		up, down := r.counted()
		if up < 300 || down < 300 {
			t.Fatalf("%s: %d bytes up, %d down", o.name, up, down)
		}
		for n, p := range plagues(up, down) {
			if everyByte := o.name == "generate" || o.name == "regenerate"; everyByte || n < len(others) || n%7 == 0 {
				all = append(all, trial{o, p})
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if !long { // the few plagues that are no cuts are all there
		slices.SortStableFunc(all, func(a, b trial) int { return rank(a.plague, a.order) - rank(b.plague, b.order) })
	}
	var count tally
	var worker atomic.Int32
	each(t, all[:min(len(all), pick(24, len(all)))], func() func(trial) {
		u, r := signedIn(t, tool, s, fmt.Sprintf("w%d", worker.Add(1)))
		return func(k trial) {
			count.trials.Add(1)
			if err := befallen(u, r, s, k.order, k.plague, &count); err != nil {
				t.Errorf("%s, %v: %v", k.order.name, k.plague, err)
			}
		}
	})
	count.tell(t)
}

// rank puts one of each kind of plague first.
func rank(p plague, o order) int {
	if o.name == "regenerate" && p.toxic != "" && !strings.Contains(p.toxic, "limit_data") {
		return 0
	}
	return 1
}

// befallen does one trial.
func befallen(u user, r *relay, s *service, o order, p plague, count *tally) error {
	before, err := o.prepare(u)
	if err != nil {
		return err
	}
	heal, err := p.befall(r, s)
	if err != nil {
		return err
	}
	struck, err := u.within(patience, o.env, append(o.args, "-o", "json", "--timeout", "1s")...)
	heal()
	if err != nil {
		return err
	}
	if struck.status != 0 {
		count.faults.Add(1)
	}
	v, err := o.judge(u, before, struck)
	if v.recovered {
		count.recovered.Add(1)
	}
	if err == nil {
		err = truthful(struck, v)
	}
	return err
}

// truthful checks an exit status against what had happened.
func truthful(e ended, v verdict) error {
	switch code := codeOf(e); {
	case e.status == 0:
		return nil // judged already
	case e.status != 6:
		return fmt.Errorf("a failing network: %v", e)
	case v.changed && code != "outcome-unknown" && code != "unavailable":
		return fmt.Errorf("it was changed, and told is: %v", e)
	case code == "":
		return errors.New("no code was told")
	}
	return nil
}

// TestService_KilledAtEveryStep: the service is killed at each of its steps while the tool waits for it, and started
// again.
func TestService_KilledAtEveryStep(t *testing.T) {
	killedAtEveryStep(t, newService(t, buildService(t, "failpoint"), "ada"), "generate", "regenerate")
}

// killedAtEveryStep does the trials of a service: of every order, in the short form of those that are named.
func killedAtEveryStep(t *testing.T, s *service, short ...string) {
	t.Helper()
	tool := build(t)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	u, r := signedIn(t, tool, s, "ada")
	var count tally
	for round := range pick(1, 15) {
		for _, o := range orders {
			if !long && !slices.Contains(short, o.name) {
				continue
			}
			for _, step := range []string{"received", "uncommitted", "commit"} {
				count.trials.Add(1)
				if err := killedAt(step, u, r, s, o, &count); err != nil {
					t.Fatalf("round %d, %s, the service is killed at %s: %v", round, o.name, step, err)
				}
			}
		}
	}
	count.tell(t)
}

// killedAt does one trial.
func killedAt(step string, u user, r *relay, s *service, o order, count *tally) error {
	before, err := o.prepare(u)
	if err != nil {
		return err
	}
	s.end()
	if err := s.start("APIKEY_FAILPOINT=" + step); err != nil {
		return err
	}
	r.lead(s.address, breakage{})
	struck, err := u.within(patience, o.env, append(o.args, "-o", "json", "--timeout", "1s")...)
	if err != nil {
		return err
	}
	s.end()
	if err := s.start(); err != nil {
		return err
	}
	r.lead(s.address, breakage{})
	count.faults.Add(1)
	v, err := o.judge(u, before, struck)
	if v.recovered {
		count.recovered.Add(1)
	}
	if err == nil {
		err = truthful(struck, v)
	}
	if err == nil && o.makes && v.changed != (step == "commit") {
		err = fmt.Errorf("changed: %v", v.changed)
	}
	return err
}

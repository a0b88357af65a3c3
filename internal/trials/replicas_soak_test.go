//go:build soak && linux

package trials

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// soakFor is how long the minute of .ci/run is.
const soakFor = time.Minute

// TestReplicas_Soak: for a minute three replicas are used by clients that change one key at the same time, by those that
// ask for tokens and about them, and by those that disable other keys; and every few seconds one replica is killed and
// started again. Every history has an order that explains it, and no key works a second after its disable.
func TestReplicas_Soak(t *testing.T) {
	random := dice(t)
	var histories []string
	for n := range 60 {
		histories = append(histories, fmt.Sprintf("h%d", n))
	}
	f := newFleet(t, append(histories, "d0", "d1")...)
	owners := []*owner{f.owner("d0"), f.owner("d1")}
	urls := clientURL + "="
	var relays []*relay
	for _, s := range f.replicas {
		r := newRelay(t)
		r.lead(s.address, breakage{})
		relays = append(relays, r)
		urls += "http://" + r.listener.Addr().String() + ","
	}
	ends := time.Now().Add(soakFor)
	var all sync.WaitGroup
	killed := 0
	all.Go(func() { // the first one is left alone: it is asked what really happened
		for n := 1; time.Now().Before(ends); n = 3 - n {
			time.Sleep(3 * time.Second)
			f.replicas[n].end()
			relays[n].lead(f.replicas[0].address, breakage{})
			killed++
			time.Sleep(500 * time.Millisecond)
			if err := f.replicas[n].start(); err != nil {
				t.Error(err)
				return
			}
			relays[n].lead(f.replicas[n].address, breakage{})
		}
	})
	l := &lag{neither: map[int]int{}}
	for _, o := range owners {
		all.Go(func() {
			for time.Now().Before(ends) {
				l.disabled(f, o)
			}
		})
	}
	operations, cut, rounds := 0, 0, 0
	for ; rounds < len(histories) && time.Now().Before(ends); rounds++ {
		lines := crowd(t, random, urls, clientLogin+"="+histories[rounds], clientLossy+"=1")
		time.Sleep(time.Second) // what was sent by a client that was killed is done by then, or never
		api, err := signIn("http://"+f.replicas[0].address, histories[rounds])
		if err != nil {
			t.Fatal(err)
		}
		history, untold := assemble(t, api, lines)
		operations, cut = operations+len(history), cut+untold
		explained(t, history)
	}
	all.Wait()
	t.Logf("%d histories of %d operations, %d of them cut short; %d replicas killed", rounds, operations, cut, killed)
	l.tell(t, "soak")
}

//go:build linux

package trials

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestKeyring_FailsAtAnyCall: the keyring fails, is locked, refuses, goes away or falls silent at the n-th call of an
// action, for every n, before or after the call has had its effect.
func TestKeyring_FailsAtAnyCall(t *testing.T) {
	type trial struct {
		order order
		fault fault
	}
	tool, random := build(t), dice(t)
	var all []trial
	d := newDesk(t)
	u := onDesk(t, tool, d)
	for _, o := range orders {
		if o.rests != "" {
			continue
		}
		if _, err := o.prepare(u); err != nil {
			t.Fatal(err)
		}
		d.plan(fault{})
		u.does(o.args...)
		calls := d.counted()
		d.heal()
		for call := 1; call <= calls; call++ {
			for _, kind := range slices.Sorted(maps.Keys(faults)) {
				all = append(all, trial{o, fault{call, kind, false}}, trial{o, fault{call, kind, true}})
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var count tally
	each(t, all[:min(len(all), pick(24, 1000))], func() func(trial) {
		d := newDesk(t)
		u := onDesk(t, tool, d)
		return func(k trial) {
			count.trials.Add(1)
			err := func() error {
				before, err := k.order.prepare(u)
				if err != nil {
					return err
				}
				d.plan(k.fault)
				struck := u.run([]string{"APIKEY_KEYRING_TIMEOUT=250ms"}, k.order.args...)
				d.heal()
				if struck.status != 0 {
					count.faults.Add(1)
				}
				if struck.status != 0 && struck.status != 7 {
					return fmt.Errorf("a failing keyring: %v", struck)
				}
				v, err := k.order.judge(u, before, struck)
				if v.recovered {
					count.recovered.Add(1)
				}
				if err != nil {
					return err
				}
				return noStray(u, d)
			}()
			if err != nil {
				t.Errorf("%s, the keyring %s at call %d (after its effect: %v): %v", k.order.name, k.fault.kind, k.fault.call, k.fault.after, err)
				d = newDesk(t)
				u = onDesk(t, tool, d)
			}
		}
	})
	count.tell(t)
}

// noStray checks that no secret is in the keyring but the live one and those that are noted to be removed.
func noStray(u user, d *desk) error {
	var kept struct {
		AccessKey string `json:"accessKey"`
		Stale     []struct {
			Name string `json:"name"`
		} `json:"stale"`
	}
	for _, path := range u.files("accounts") {
		if filepath.Base(path) == "kept.json" {
			text, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(text, &kept)
			}
			if err != nil {
				return err
			}
		}
	}
	noted := []string{kept.AccessKey}
	for _, s := range kept.Stale {
		noted = append(noted, s.Name)
	}
	for slot := range d.secrets() {
		if !slices.Contains(noted, slot) {
			return fmt.Errorf("a stray secret is in the keyring, of %s; noted are %v", slot, noted)
		}
	}
	return nil
}

// TestKeyring_TwoHomes: two homes with one keyring. What strikes one of them leaves the other's secret alone.
func TestKeyring_TwoHomes(t *testing.T) {
	tool, random := build(t, "failpoint"), dice(t)
	d := newDesk(t)
	one, other := onDesk(t, tool, d), onDesk(t, tool, d)
	other.does("generate")
	live, err := other.state()
	if err != nil {
		t.Fatal(err)
	}
	var count tally
	for range pick(4, 100) {
		k := kill{order: making()[random.IntN(5)], first: steps[random.IntN(len(steps))]}
		if err := k.try(one, &count); err != nil {
			t.Fatalf("%v: %v", k, err)
		}
		if err := (order{}).accepted(other, live); err != nil {
			t.Fatalf("after %v in the other home: %v", k, err)
		}
	}
	count.tell(t)
}

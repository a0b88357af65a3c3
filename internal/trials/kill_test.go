//go:build unix

package trials

import (
	"fmt"
	"testing"
	"time"
)

// steps are the named steps at which a program built with the tag failpoint ends, in their order.
var steps = []string{
	"intent", "target-ready", "confirmed", "locked", "record-written", "received", "uncommitted", "commit", "reply", "written",
	"stored", "metadata", "old-slot-removed", "record-dropped",
}

// kill is one trial: where the first run is killed, and where the one that recovers is, "" for nowhere.
type kill struct {
	order         order
	first, second string
}

func (k kill) String() string {
	return fmt.Sprintf("%s, killed at %q, then at %q", k.order.name, k.first, k.second)
}

// TestKilled_AtEveryStep_AndAgainWhileItRecovers: the tool is killed at each named step, and in other trials the run that
// recovers is killed too. The oracle is that of the package.
func TestKilled_AtEveryStep_AndAgainWhileItRecovers(t *testing.T) {
	tool, random := build(t, "failpoint"), dice(t)
	var all []kill
	for _, o := range orders {
		for _, step := range steps {
			all = append(all, kill{order: o, first: step})
			for _, second := range steps {
				all = append(all, kill{o, step, second})
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var count tally
	each(t, all[:min(len(all), pick(50, len(all)))], func() func(kill) {
		u := newUser(t, tool)
		return func(k kill) {
			if err := k.try(u, &count); err != nil {
				t.Errorf("%v: %v", k, err)
				u = newUser(t, tool)
			}
		}
	})
	count.tell(t)
}

func (k kill) try(u user, count *tally) error {
	count.trials.Add(1)
	before, err := k.order.prepare(u)
	if err != nil {
		return err
	}
	struck := []ended{u.run(append(k.order.env, "APIKEY_FAILPOINT="+k.first), k.order.args...)}
	if k.second != "" && u.pending() { // a run that had come to its end leaves nothing for a second one
		struck = append(struck, u.run(append(k.order.env, "APIKEY_FAILPOINT="+k.second), k.order.args...))
	}
	for _, e := range struck {
		if e.status == -1 {
			count.faults.Add(1)
			break
		}
	}
	v, err := k.order.judge(u, before, struck...)
	if v.recovered {
		count.recovered.Add(1)
	}
	return err
}

// TestKilled_AtRandomTimes: the tool as it is released is killed at times that fall anywhere in its run.
func TestKilled_AtRandomTimes(t *testing.T) {
	tool, random := build(t), dice(t)
	type trial struct {
		order order
		at    float64 // in lengths of a run
	}
	trials := make([]trial, pick(50, 1500))
	for i := range trials {
		trials[i] = trial{orders[random.IntN(len(orders))], random.Float64() * 1.2}
	}
	var count tally
	each(t, trials, func() func(trial) {
		u := newUser(t, tool)
		length := 20 * time.Millisecond
		return func(k trial) {
			count.trials.Add(1)
			before, err := k.order.prepare(u)
			if err != nil {
				t.Errorf("%s: %v", k.order.name, err)
				u = newUser(t, tool)
				return
			}
			cmd, out, errs := u.command(k.order.env, k.order.args...)
			began := time.Now()
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			timer := time.AfterFunc(time.Duration(k.at*float64(length)), func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait() // the status says it
			timer.Stop()
			struck := ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
			if struck.status == -1 {
				count.faults.Add(1)
			} else {
				length = (3*length + time.Since(began)) / 4
			}
			v, err := k.order.judge(u, before, struck)
			if v.recovered {
				count.recovered.Add(1)
			}
			if err != nil {
				t.Errorf("%s, killed after %.0f %% of its time: %v", k.order.name, k.at*100, err)
				u = newUser(t, tool)
			}
		}
	})
	count.tell(t)
}

//go:build unix

package trials

import (
	"fmt"
	"testing"
	"time"
)

const (
	clockVariable = "APIKEY_FAILPOINT_CLOCK="
	day           = 24 * time.Hour
)

// TestClock_SetBackAndForth_WhileAnActionIsCutShort: the clock is moved between the run that is killed and the one that
// recovers. As long as it is not set ahead by the whole time a service keeps its reply, nothing is lost.
func TestClock_SetBackAndForth_WhileAnActionIsCutShort(t *testing.T) {
	type trial struct {
		kill
		first, second time.Duration
	}
	offsets := []time.Duration{-day, -time.Hour, 0, time.Hour, day - time.Minute}
	var all []trial
	for _, o := range making() {
		for _, step := range []string{"record-written", "commit", "stored", "metadata"} {
			for _, first := range offsets {
				for _, second := range offsets {
					if second-first < day {
						all = append(all, trial{kill{order: o, first: step}, first, second})
					}
				}
			}
		}
	}
	tool, random := build(t, "failpoint"), dice(t)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var count tally
	each(t, all[:pick(12, len(all))], func() func(trial) {
		return func(k trial) {
			count.trials.Add(1)
			u := newUser(t, tool) // of its own: a home in which the clock was a day ahead has the replies of that day
			err := func() error {
				u.env = append(u.env, clockVariable+k.first.String())
				before, err := k.order.prepare(u)
				if err != nil {
					return err
				}
				struck := u.run(append(k.order.env, "APIKEY_FAILPOINT="+k.kill.first), k.order.args...)
				if struck.status == -1 {
					count.faults.Add(1)
				}
				u.env = append(u.env, clockVariable+k.second.String())
				v, err := k.order.judge(u, before, struck)
				if v.recovered {
					count.recovered.Add(1)
				}
				return err
			}()
			if err != nil {
				t.Errorf("%v, the clock first at %v, then at %v: %v", k.kill, k.first, k.second, err)
			}
		}
	})
	count.tell(t)
}

// TestClock_AWalkThroughTime: actions one after the other, the clock somewhere else at each. Each is done once, and the
// secret that is kept stays the one that is accepted.
func TestClock_AWalkThroughTime(t *testing.T) {
	tool, random := build(t, "failpoint"), dice(t)
	for range pick(1, 20) {
		u := newUser(t, tool)
		u.does("generate")
		revision := 1
		for range 10 {
			offset := time.Duration(random.Int64N(int64(2*day))) - day
			args := [][]string{
				{"regenerate", "--yes"}, {"regenerate", "--yes", "--grace", "7d"}, {"disable", "--yes"}, {"activate", "--yes"},
			}[random.IntN(4)]
			u.env = append(u.env, clockVariable+offset.String())
			e := u.run(nil, append(args, "--jq", ".changed")...)
			if e.stdout == "true\n" {
				revision++
			}
			s, err := u.state()
			if e.status != 0 || err != nil || s.Revision != revision {
				t.Fatalf("%v with the clock at %v: %v %v, revision %d, want %d", args, offset, e, err, s.Revision, revision)
			}
			o := order{name: fmt.Sprint(args)}
			if err := o.accepted(u, s); err != nil {
				t.Fatalf("after %v with the clock at %v: %v", args, offset, err)
			}
		}
	}
}

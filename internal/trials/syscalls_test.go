//go:build linux

package trials

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// injections are what strace makes of the n-th call of a kind. A write is not made to fail: the Go runtime itself does
// not live with that, and TestDisk_Full does it with a real disk.
var injections = []struct {
	calls []string
	does  string
}{
	{[]string{"fsync", "pwrite64", "renameat", "ftruncate", "mkdirat", "unlinkat"}, "error=EIO"},
	{[]string{"pwrite64", "renameat", "ftruncate", "mkdirat"}, "error=ENOSPC"},
	{[]string{"fsync", "write", "pwrite64", "renameat", "ftruncate", "unlinkat", "flock", "openat"}, "signal=SIGKILL"},
}

// TestSyscalls_FailOrAreTheLast: the n-th call of a kind that touches the disk fails, or is the last the tool does.
func TestSyscalls_FailOrAreTheLast(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		testkit.Missing(t, "strace", err.Error(), "apt-get install strace")
	}
	type trial struct {
		order order
		call  string
		does  string
		when  int
	}
	tool, random := build(t), dice(t)
	var all []trial
	for _, o := range orders {
		for _, i := range injections {
			for _, call := range i.calls {
				for when := 1; when <= 12; when++ {
					all = append(all, trial{o, call, i.does, when})
				}
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var count tally
	each(t, all[:pick(12, len(all))], func() func(trial) {
		u := newUser(t, tool)
		return func(k trial) {
			count.trials.Add(1)
			err := func() error {
				before, err := k.order.prepare(u)
				if err != nil {
					return err
				}
				log := filepath.Join(u.home, "trace")
				inject := fmt.Sprintf("inject=%s:%s:when=%d", k.call, k.does, k.when)
				traced := u
				traced.tool = strace
				struck := traced.run(k.order.env, append([]string{
					"-f", "-qq", "-e", "trace=" + k.call, "-e", inject, "-o", log, tool,
				}, k.order.args...)...)
				if strings.Contains(struck.stderr, "ptrace") {
					testkit.Missing(t, "strace", struck.stderr, "run where ptrace is allowed")
				}
				if text, err := os.ReadFile(log); err == nil && strings.Contains(string(text), "INJECTED") || struck.status == -1 {
					count.faults.Add(1)
				}
				v, err := k.order.judge(u, before, struck)
				if v.recovered {
					count.recovered.Add(1)
				}
				return err
			}()
			if err != nil {
				t.Errorf("%s, %s %s at its %d. call: %v", k.order.name, k.call, k.does, k.when, err)
				u = newUser(t, tool)
			}
		}
	})
	count.tell(t)
}

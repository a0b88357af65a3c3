//go:build linux

package trials

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// ownMounts tells the test program that it runs where it may mount: in a user namespace of its own. It holds the path of
// the tool.
const ownMounts = "APIKEY_TRIALS_MOUNTS"

// withOwnMounts runs the rest of a test where it may mount, in another process of this program. It gives the tool's path
// there, and "" to the caller that has nothing left to do. No test needs to be root.
func withOwnMounts(t *testing.T) (tool string) {
	t.Helper()
	if tool := os.Getenv(ownMounts); tool != "" {
		return tool
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), ownMounts+"="+build(t))
	id := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: id(os.Getuid()), GidMappings: id(os.Getgid()),
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		testkit.Missing(t, "mount", err.Error(), "sysctl -w kernel.unprivileged_userns_clone=1")
	}
	t.Logf("in a namespace of its own:\n%s", out)
	if err != nil {
		t.Fail()
	}
	return ""
}

// smallDisk mounts a disk of a size.
func smallDisk(t *testing.T, size int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		testkit.Missing(t, "mount", err.Error(), "run where a user namespace may mount a tmpfs")
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

const page = 4096

// fill leaves so many pages of a disk free.
func fill(dir string, pages int) (empty func() error, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(f, zeros{}, max(0, int64(fs.Bfree)-int64(pages))*page)
	return func() error { return os.Remove(path) }, errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// onDisk is a user whose home is on a disk.
func onDisk(t *testing.T, tool, dir string) user {
	u := newUser(t, tool)
	u.home = dir
	u.env[0] = "HOME=" + dir
	return u
}

// TestDisk_Full: the disk is full, or gets full somewhere in the action, at each free page.
func TestDisk_Full(t *testing.T) {
	tool := withOwnMounts(t)
	if tool == "" {
		return
	}
	u := onDisk(t, tool, smallDisk(t, 2<<20))
	var count tally
	for _, o := range orders {
		for pages := 0; pages <= 30; pages += pick(15, 1) {
			count.trials.Add(1)
			before, err := o.prepare(u)
			if err != nil {
				t.Fatal(err)
			}
			empty, err := fill(u.home, pages)
			if err != nil {
				t.Fatal(err)
			}
			struck := u.run(o.env, o.args...)
			if status := u.run(nil, "status", "-o", "json"); status.status != 0 {
				t.Errorf("a full disk, and the status can't be read: %v", status)
			}
			if err := empty(); err != nil {
				t.Fatal(err)
			}
			if struck.status != 0 {
				count.faults.Add(1)
			}
			v, err := o.judge(u, before, struck)
			if v.recovered {
				count.recovered.Add(1)
			}
			if err == nil && !slices.Contains([]int{0, 6, 7}, struck.status) {
				err = errors.New("the exit status does not tell of the disk")
			}
			if err != nil {
				t.Fatalf("%s with %d pages free, %v: %v", o.name, pages, struck, err)
			}
		}
	}
	count.tell(t)
}

// TestDisk_ReadOnly: a folder that can't be written ends an action before it changes anything, if the action needs it.
func TestDisk_ReadOnly(t *testing.T) {
	tool := withOwnMounts(t)
	if tool == "" {
		return
	}
	u := onDisk(t, tool, smallDisk(t, 2<<20))
	for _, o := range orders {
		for _, part := range []string{"accounts", "secrets", "local"} {
			if part == "secrets" && (o.rests != "" || !o.makes) {
				continue // nothing is written there
			}
			before, err := o.prepare(u)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(u.data(part), 0o700); err != nil {
				t.Fatal(err)
			}
			bind := func(flags uintptr) {
				if err := syscall.Mount(u.data(part), u.data(part), "", flags, ""); err != nil {
					t.Fatal(err)
				}
			}
			bind(syscall.MS_BIND)
			bind(syscall.MS_BIND | syscall.MS_REMOUNT | syscall.MS_RDONLY)
			struck := u.run(o.env, o.args...)
			if err := syscall.Unmount(u.data(part), 0); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"accounts": 7, "secrets": 7, "local": 6}[part]
			done := part == "accounts" && !o.makes // what makes no secret needs no record
			if done {
				want = 0
			}
			if struck.status != want {
				t.Errorf("%s, %s read-only: %v", o.name, part, struck)
			}
			v, err := o.judge(u, before, struck)
			if err != nil || v.changed != done {
				t.Fatalf("%s, %s read-only, changed %v: %v", o.name, part, v.changed, err)
			}
		}
	}
}

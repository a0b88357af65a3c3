package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
)

// asChild makes this program do one piece of work on a database instead of the tests: what many processes do at once
// can only be tested with many processes.
const asChild = "APIKEY_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if work := os.Getenv(asChild); work != "" {
		if err := child(work, os.Getenv(asChild+"_PATH")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(work, path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	switch work {
	case "read":
		err = s.Read(ctx, func(r store.Reader) error { _, err := r.SoleAccount(); return err })
	case "write":
		err = increment(ctx, s, "count")
	case "first":
		err = first(ctx, s, path)
	case "forever":
		for err == nil {
			if err = increment(ctx, s, "a", "b"); err == nil {
				fmt.Println("committed")
			}
		}
	}
	fmt.Println(s.Instance())
	return errors.Join(err, s.Close())
}

// first is what a process does on a database that may be fresh: look, make what is absent once, count itself.
func first(ctx context.Context, s *sqlite.Store, path string) error {
	err := s.Read(ctx, func(r store.Reader) error { _, err := r.SoleAccount(); return err })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	err = s.Write(ctx, func(w store.Writer) error {
		_, err := w.SoleAccount()
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		f, err := os.OpenFile(path+".once", os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), addAccount(w))
	})
	if err != nil {
		return err
	}
	return increment(ctx, s, "count")
}

func increment(ctx context.Context, s *sqlite.Store, names ...string) error {
	return s.Write(ctx, func(w store.Writer) error {
		for _, name := range names {
			n, err := number(w, name)
			if err != nil {
				return err
			}
			if err := w.SetMeta(name, []byte(strconv.Itoa(n+1))); err != nil {
				return err
			}
		}
		return nil
	})
}

func number(r store.Reader, name string) (int, error) {
	text, err := r.Meta(name)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func numbers(t *testing.T, path string, names ...string) (found []int) {
	t.Helper()
	err := open(t, path).Read(context.Background(), func(r store.Reader) error {
		for _, name := range names {
			n, err := number(r, name)
			if err != nil {
				return err
			}
			found = append(found, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// command is this program as a child.
func command(t testing.TB, work, path string, wrap ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, self)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), asChild+"="+work, asChild+"_PATH="+path)
	return cmd
}

func TestProcesses_ManyStartOnAFreshFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "apikey.db")
	instances, outputs := make([]string, processes), make([]bytes.Buffer, processes)
	var wg sync.WaitGroup
	for n := range processes {
		cmd := command(t, "first", path)
		cmd.Stderr = &outputs[n]
		wg.Go(func() {
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("process %d: %v: %s", n, err, outputs[n].String())
			}
			instances[n] = strings.TrimSpace(string(out))
		})
	}
	wg.Wait()
	for n, instance := range instances {
		if instance == "" || instance != instances[0] {
			t.Errorf("process %d saw the instance %q, process 0 %q", n, instance, instances[0])
		}
	}
	if count := numbers(t, path, "count")[0]; count != processes {
		t.Errorf("%d of %d changes are there", count, processes)
	}
}

// A process that is killed leaves whole transactions, and all of those whose commit it has reported.
func TestProcesses_KilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apikey.db")
	reported := 0
	for round := range 5 {
		cmd := command(t, "forever", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			reported++
			if n == 3 { // it has begun; the kill comes at some moment of what follows
				time.AfterFunc(time.Duration(round)*1700*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		got := numbers(t, path, "a", "b")
		if got[0] != got[1] || got[0] < reported {
			t.Fatalf("a is %d and b is %d after %d reported commits", got[0], got[1], reported)
		}
		reported = got[0] // one commit may have been made and not reported
	}
}

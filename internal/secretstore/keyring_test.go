package secretstore

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// fakeBackend is a keyring in memory that can hang and fail.
type fakeBackend struct {
	mu    sync.Mutex
	kept  map[string]string
	hangs map[string]chan struct{} // by method: a call waits for it
	fails map[string]error
	calls []string
	gives string // what Get gives instead of what is kept
}

func newBackend() *fakeBackend {
	return &fakeBackend{kept: map[string]string{}, hangs: map[string]chan struct{}{}, fails: map[string]error{}}
}

func (f *fakeBackend) enter(method string) error {
	f.mu.Lock()
	hang, err := f.hangs[method], f.fails[method]
	f.calls = append(f.calls, method)
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return err
}

func (f *fakeBackend) Set(_, user, secret string) error {
	if err := f.enter("set"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept[user] = secret
	return nil
}

func (f *fakeBackend) Get(_, user string) (string, error) {
	if err := f.enter("get"); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gives != "" {
		return f.gives, nil
	}
	if f.kept[user] == "" {
		return "", gokeyring.ErrNotFound
	}
	return f.kept[user], nil
}

func (f *fakeBackend) Delete(_, user string) error {
	if err := f.enter("delete"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept[user] == "" {
		return gokeyring.ErrNotFound
	}
	delete(f.kept, user)
	return nil
}

func (f *fakeBackend) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

func (f *fakeBackend) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.kept)
}

func open(b Backend, budget time.Duration) Store {
	return NewKeyring(KeyringOptions{
		Getenv: func(string) string { return "" }, GOOS: "darwin", Budget: budget, Backend: b,
	})
}

var slot = Slot{Instance: "https://keys.example", Login: "ada", Name: "AK0"}

func newSecret(t *testing.T) keyapi.Secret {
	t.Helper()
	s, err := keyapi.NewAccessSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantCode(t *testing.T, err error, want keyapi.Code) {
	t.Helper()
	if keyapi.CodeOf(err) != want {
		t.Errorf("got %q (%v), want %q", keyapi.CodeOf(err), err, want)
	}
}

func TestKeyring_RoundTrip(t *testing.T) {
	ctx, b := context.Background(), newBackend()
	s, secret := open(b, time.Minute), newSecret(t)
	_, err := s.Get(ctx, slot)
	wantCode(t, err, keyapi.CodeNoSecret)
	wantCode(t, s.Put(ctx, slot, secret), "")
	got, err := s.Get(ctx, slot)
	if err != nil || got.Reveal() != secret.Reveal() {
		t.Errorf("%v", err)
	}
	other := slot
	other.Name = "AK1"
	_, err = s.Get(ctx, other)
	wantCode(t, err, keyapi.CodeNoSecret)
	wantCode(t, s.Delete(ctx, slot), "")
	wantCode(t, s.Delete(ctx, slot), "")
	if b.size() != 0 {
		t.Error("something is left")
	}
}

func TestKeyring_Probe_WritesReadsDeletes(t *testing.T) {
	b := newBackend()
	wantCode(t, open(b, time.Minute).Probe(context.Background(), slot), "")
	if got := strings.Join(b.calls, " "); got != "set get delete" || b.size() != 0 {
		t.Errorf("calls %s, left %d", got, b.size())
	}
	for _, method := range []string{"set", "get", "delete"} {
		b := newBackend()
		b.fails[method] = errors.New("exit status 36")
		wantCode(t, open(b, time.Minute).Probe(context.Background(), slot), keyapi.CodeStoreDenied)
	}
}

func TestKeyring_GivesBackSomethingElse_IsAFailure(t *testing.T) {
	b := newBackend()
	b.gives = "something else"
	err := open(b, time.Minute).Put(context.Background(), slot, newSecret(t))
	wantCode(t, err, keyapi.CodeStoreFailed)
	if strings.Contains(err.Error(), "something else") {
		t.Error("the value is in the error")
	}
}

func TestKeyring_Hangs_EndsWithTheBudget_AndALateWriteIsTakenBack(t *testing.T) {
	b := newBackend()
	hang := make(chan struct{})
	b.hangs["set"] = hang
	wantCode(t, open(b, 20*time.Millisecond).Put(context.Background(), slot, newSecret(t)), keyapi.CodeStoreTimeout)
	close(hang) // the write lands now
	deadline := time.Now().Add(10 * time.Second)
	for done := false; !done; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		done = strings.Contains(strings.Join(b.calls, " "), "delete") && len(b.kept) == 0
		b.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatal("a stray secret is left")
		}
	}
}

func TestKeyring_TheBudgetIsForAllCalls(t *testing.T) {
	b := newBackend()
	s := open(b, 50*time.Millisecond)
	b.hangs["get"] = make(chan struct{})
	defer close(b.hangs["get"])
	_, err := s.Get(context.Background(), slot)
	wantCode(t, err, keyapi.CodeStoreTimeout)
	before := b.count()
	wantCode(t, s.Delete(context.Background(), slot), keyapi.CodeStoreTimeout)
	if b.count() != before {
		t.Error("a call was made with no time left")
	}
}

func TestKeyring_TimeBetweenCallsIsFree(t *testing.T) {
	b := newBackend()
	s := open(b, time.Second).(*keyring)
	wantCode(t, s.Probe(context.Background(), slot), "")
	left := s.left
	time.Sleep(30 * time.Millisecond) // a person reads a pop-up
	if s.left != left {
		t.Error("waiting outside of a call costs of the budget")
	}
	wantCode(t, s.Put(context.Background(), slot, newSecret(t)), "")
}

func TestKeyring_Cancelled(t *testing.T) {
	b := newBackend()
	b.hangs["set"] = make(chan struct{})
	defer close(b.hangs["set"])
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := open(b, time.Minute).Put(ctx, slot, newSecret(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKeyring_Waiting_IsToldOnce(t *testing.T) {
	b := newBackend()
	told := 0
	s := NewKeyring(KeyringOptions{
		Getenv: func(string) string { return "" }, GOOS: "darwin", Budget: 200 * time.Millisecond, Backend: b,
		NoticeAfter: time.Millisecond, Notice: func() { told++ },
	})
	b.hangs["get"] = make(chan struct{})
	defer close(b.hangs["get"])
	_, err := s.Get(context.Background(), slot)
	wantCode(t, err, keyapi.CodeStoreTimeout)
	_, _ = s.Get(context.Background(), slot)
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func TestKeyring_LooksForABusFirst(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name   string
		goos   string
		env    map[string]string
		called bool
	}{
		{"nothing", "linux", nil, false},
		{"autolaunch", "linux", map[string]string{"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"}, false},
		{"a folder without a bus", "linux", map[string]string{"XDG_RUNTIME_DIR": dir}, false},
		{"an address", "linux", map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}, true},
		{"freebsd", "freebsd", nil, false},
		{"macOS", "darwin", nil, true},
		{"Windows", "windows", nil, true},
	} {
		b := newBackend()
		s := NewKeyring(KeyringOptions{Getenv: func(n string) string { return test.env[n] }, GOOS: test.goos, Budget: time.Minute, Backend: b})
		err := s.Probe(context.Background(), slot)
		if called := len(b.calls) > 0; called != test.called {
			t.Errorf("%s: called %v", test.name, called)
		}
		if !test.called {
			wantCode(t, err, keyapi.CodeStoreUnavailable)
		}
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	b := newBackend()
	s := NewKeyring(KeyringOptions{
		Getenv: func(n string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[n] }, GOOS: "linux", Budget: time.Minute, Backend: b,
	})
	wantCode(t, s.Probe(context.Background(), slot), "")
}

func TestSlots_NeverMeet(t *testing.T) {
	f := file{"/d"}
	differ := func(a, b Slot) bool {
		return a == b || user(a) != user(b)
	}
	if err := quick.Check(differ, nil); err != nil {
		t.Error(err)
	}
	for _, pair := range [][2]Slot{
		{{"a", "b/c", "d"}, {"a/b", "c", "d"}}, {{"a", "", "b"}, {"", "a", "b"}}, {{"a%2Fb", "c", "d"}, {"a/b", "c", "d"}}, {{"a", "b", "AK1"}, {"a", "b", "AK2"}},
	} {
		if user(pair[0]) == user(pair[1]) || f.path(pair[0]) == f.path(pair[1]) {
			t.Errorf("%+v and %+v meet", pair[0], pair[1])
		}
	}
}

package secretstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// service is the name under which the keyring shows our entries.
const service = "apikey"

// Backend is what this store needs of a keyring; go-keyring's functions are one.
type Backend interface {
	Set(service, user, secret string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}

// KeyringOptions are what the keyring takes from outside.
type KeyringOptions struct {
	Getenv      func(string) string
	GOOS        string        // default: this system's
	Budget      time.Duration // how long all calls together may take
	NoticeAfter time.Duration // a call that takes longer is announced …
	Notice      func()        // … once, by this; may be nil
	Backend     Backend       // default: the keyring of the system
}

// keyring keeps secrets in the keyring of the operating system. The library under it has no timeouts: every call runs
// beside a clock, and all calls of one command share one budget.
type keyring struct {
	KeyringOptions
	mu      sync.Mutex
	left    time.Duration
	noticed bool
}

// NewKeyring makes the store of the OS keyring. Nothing is called yet.
func NewKeyring(o KeyringOptions) Store {
	if o.GOOS == "" {
		o.GOOS = runtime.GOOS
	}
	if o.Backend == nil {
		o.Backend = system{}
	}
	return &keyring{KeyringOptions: o, left: o.Budget}
}

// system is the keyring of the operating system.
type system struct{}

func (system) Set(service, user, secret string) error   { return gokeyring.Set(service, user, secret) }
func (system) Get(service, user string) (string, error) { return gokeyring.Get(service, user) }
func (system) Delete(service, user string) error        { return gokeyring.Delete(service, user) }

// Kind implements Store.
func (k *keyring) Kind() Kind { return KindKeyring }

// Place implements Store.
func (k *keyring) Place() string { return "OS keyring" }

// user names a slot's entry. Each part is escaped, so that no two slots have one name.
func user(s Slot) string {
	return url.QueryEscape(s.Instance) + "/" + url.QueryEscape(s.Login) + "/" + url.QueryEscape(s.Name)
}

// Probe implements Store.
func (k *keyring) Probe(ctx context.Context, s Slot) error {
	var name [8]byte
	if _, err := rand.Read(name[:]); err != nil {
		return classify(err)
	}
	value := "probe " + hex.EncodeToString(name[:])
	s.Name = "probe-" + hex.EncodeToString(name[:])
	if err := k.write(ctx, s, value); err != nil {
		return err
	}
	return k.Delete(ctx, s)
}

// Put implements Store.
func (k *keyring) Put(ctx context.Context, s Slot, secret keyapi.Secret) error {
	return k.write(ctx, s, secret.Reveal())
}

// write sets a value, reads it back and compares. A write that lands after it was given up is taken back, as long as
// this process lives.
func (k *keyring) write(ctx context.Context, s Slot, value string) error {
	name := user(s)
	_, err := k.call(ctx, func() (string, error) {
		return "", k.Backend.Set(service, name, value)
	}, func(err error) {
		if err == nil {
			_ = k.Backend.Delete(service, name)
		}
	})
	if err != nil {
		return err
	}
	failpoint.Hit("written")
	got, err := k.call(ctx, func() (string, error) { return k.Backend.Get(service, name) }, nil)
	if err == nil && got != value {
		return keyapi.Errorf(keyapi.CodeStoreFailed, "The keyring gave back another secret than it was given",
			"See to your keyring, or set APIKEY_STORE=file to keep the secret in a private file instead.")
	}
	return err
}

// Get implements Store.
func (k *keyring) Get(ctx context.Context, s Slot) (keyapi.Secret, error) {
	text, err := k.call(ctx, func() (string, error) { return k.Backend.Get(service, user(s)) }, nil)
	if err != nil {
		return keyapi.Secret{}, err
	}
	return keyapi.NewSecret(text), nil
}

// Delete implements Store.
func (k *keyring) Delete(ctx context.Context, s Slot) error {
	_, err := k.call(ctx, func() (string, error) { return "", k.Backend.Delete(service, user(s)) }, nil)
	if keyapi.CodeOf(err) == keyapi.CodeNoSecret {
		return nil
	}
	return err
}

// call runs one call within what is left of the budget. late, if not nil, is told how a call ended that had been given
// up.
func (k *keyring) call(ctx context.Context, fn func() (string, error), late func(error)) (string, error) {
	if err := k.reachable(); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left <= 0 {
		return "", timedOut()
	}
	began := time.Now()
	defer func() { k.left -= time.Since(began) }()

	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer) // unbuffered: an answer nobody waits for goes to late
	gone := make(chan struct{})
	defer close(gone)
	go func() {
		text, err := fn()
		select {
		case answers <- answer{text, err}:
		case <-gone:
			if late != nil {
				late(err)
			}
		}
	}()
	deadline := time.NewTimer(k.left)
	defer deadline.Stop()
	notice := k.noticeTimer()
	for {
		select {
		case a := <-answers:
			return a.text, classify(a.err)
		case <-notice:
			notice, k.noticed = nil, true
			k.Notice()
		case <-deadline.C:
			return "", timedOut()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (k *keyring) noticeTimer() <-chan time.Time {
	if k.Notice == nil || k.noticed {
		return nil
	}
	return time.After(k.NoticeAfter)
}

func timedOut() error {
	return keyapi.Errorf(keyapi.CodeStoreTimeout, "The keyring did not answer in time",
		"See whether it waits for you to unlock it. APIKEY_KEYRING_TIMEOUT=1m waits longer; APIKEY_STORE=file does without it.")
}

// reachable looks before the first call: without an address of a bus the library would start a bus daemon of its own,
// with every call, and leave it behind.
func (k *keyring) reachable() error {
	if k.GOOS == "darwin" || k.GOOS == "windows" {
		return nil
	}
	if address := k.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return nil
	}
	if dir := k.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "bus")); err == nil {
			return nil
		}
	}
	return classify(errors.New("no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR/bus is there"))
}

//go:build linux

package trials

import (
	"maps"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"

	"github.com/apikey-cli/apikey/internal/testkit"
)

const (
	secretsName = "org.freedesktop.secrets"
	secretsPath = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath   = secretsPath + "/collection/login"
	sessionPath = secretsPath + "/session/1"
	noPrompt    = dbus.ObjectPath("/")
)

// fault is what happens to a keyring at the n-th call it gets.
type fault struct {
	call  int
	kind  string // a row of faults
	after bool   // the call has its effect first
}

// faults says how a keyring refuses, in the words of real ones. A locked one stays locked, a silent one stays silent;
// the others fail once.
var faults = map[string]struct {
	err   *dbus.Error
	stays bool
}{
	"fails":       {err: dbus.NewError("org.freedesktop.DBus.Error.Failed", []any{"couldn't create item: disk failure"})},
	"is locked":   {err: dbus.NewError("org.freedesktop.Secret.Error.IsLocked", []any{"Cannot create an item in a locked collection"}), stays: true},
	"refuses":     {err: dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"Access is denied"})},
	"is too big":  {err: dbus.NewError("org.freedesktop.DBus.Error.Failed", []any{"The stub received bad data"})},
	"goes away":   {err: dbus.NewError("org.freedesktop.DBus.Error.ServiceUnknown", []any{"was not provided by any .service files"}), stays: true},
	"says nought": {stays: true},
}

// item is an entry of the keyring.
type item struct {
	attributes map[string]string
	secret     ss.Secret
}

// desk is a Secret Service on a real bus, as the tool's library calls it, that can be made to fail. It implements what
// that library uses of the specification (Secret Service API Draft 0.2).
type desk struct {
	env []string

	mu     sync.Mutex
	items  map[dbus.ObjectPath]item
	next   int
	calls  int
	fault  fault
	late   []func() *dbus.Error // calls that were not answered
	healed chan struct{}        // closed when the fault ends
}

// newDesk puts a keyring on a bus of its own.
func newDesk(t testing.TB) *desk {
	t.Helper()
	env, conn := testkit.SessionBus(t)
	d := &desk{env: env, items: map[dbus.ObjectPath]item{}, healed: make(chan struct{})}
	t.Cleanup(d.heal)
	for _, e := range []struct {
		v       any
		path    dbus.ObjectPath
		name    string
		subtree bool
	}{
		{serviceOf{d}, secretsPath, "org.freedesktop.Secret.Service", false},
		{propertiesOf{d}, secretsPath, "org.freedesktop.DBus.Properties", false},
		{collectionOf{d}, loginPath, "org.freedesktop.Secret.Collection", false},
		{itemOf{d}, loginPath, "org.freedesktop.Secret.Item", true},
		{sessionOf{d}, sessionPath, "org.freedesktop.Secret.Session", false},
	} {
		export := conn.Export
		if e.subtree {
			export = conn.ExportSubtree
		}
		if err := export(e.v, e.path, e.name); err != nil {
			t.Fatal(err)
		}
	}
	if reply, err := conn.RequestName(secretsName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name on the bus: %v %v", reply, err)
	}
	return d
}

// plan makes a fault happen, and counts the calls from here.
func (d *desk) plan(f fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.calls, d.healed = f, 0, make(chan struct{})
}

// heal ends the fault. Calls that were not answered are carried out now, before any that comes after them: they land
// late, and nobody waits for them any more.
func (d *desk) heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault{}
	for _, do := range d.late {
		_ = do()
	}
	d.late = nil
	select {
	case <-d.healed:
	default:
		close(d.healed)
	}
}

// answer carries out a call, or what the fault makes of it. do runs under the lock.
func (d *desk) answer(do func() *dbus.Error) *dbus.Error {
	d.mu.Lock()
	d.calls++
	f, healed := d.fault, d.healed
	struck := f.call > 0 && (d.calls == f.call || d.calls > f.call && faults[f.kind].stays)
	if !struck {
		defer d.mu.Unlock()
		return do()
	}
	refusal := faults[f.kind].err
	if f.after {
		_ = do()
	}
	if refusal == nil && !f.after {
		d.late = append(d.late, do)
	}
	d.mu.Unlock()
	if refusal == nil {
		<-healed
	}
	return refusal
}

// secrets lists the Access Secrets that are kept, by their slots.
func (d *desk) secrets() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := map[string]string{}
	for _, i := range d.items {
		if secret := lastSecret(string(i.secret.Value)); secret != "" {
			found[path.Base(i.attributes["username"])] = secret
		}
	}
	return found
}

// counted gives how many calls came since the plan.
func (d *desk) counted() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

type serviceOf struct{ *desk }

func (s serviceOf) OpenSession(string, dbus.Variant) (output dbus.Variant, session dbus.ObjectPath, err *dbus.Error) {
	return dbus.MakeVariant(""), sessionPath, s.answer(func() *dbus.Error { return nil })
}

func (s serviceOf) Unlock(objects []dbus.ObjectPath) (unlocked []dbus.ObjectPath, prompt dbus.ObjectPath, err *dbus.Error) {
	return objects, noPrompt, s.answer(func() *dbus.Error { return nil })
}

type propertiesOf struct{ *desk }

func (p propertiesOf) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant([]dbus.ObjectPath{loginPath}), p.answer(func() *dbus.Error { return nil })
}

type collectionOf struct{ *desk }

func (c collectionOf) CreateItem(properties map[string]dbus.Variant, secret ss.Secret, _ bool) (at, prompt dbus.ObjectPath, err *dbus.Error) {
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	err = c.answer(func() *dbus.Error {
		for path, i := range c.items {
			if maps.Equal(i.attributes, attributes) {
				at = path
			}
		}
		if at == "" {
			c.next++
			at = loginPath + dbus.ObjectPath("/"+strconv.Itoa(c.next))
		}
		c.items[at] = item{attributes, secret}
		return nil
	})
	return at, noPrompt, err
}

func (c collectionOf) SearchItems(attributes map[string]string) (found []dbus.ObjectPath, err *dbus.Error) {
	found = []dbus.ObjectPath{}
	err = c.answer(func() *dbus.Error {
		for path, i := range c.items {
			if maps.Equal(i.attributes, attributes) {
				found = append(found, path)
			}
		}
		return nil
	})
	return found, err
}

type itemOf struct{ *desk }

func pathOf(m dbus.Message) dbus.ObjectPath {
	p, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	return p
}

func (i itemOf) GetSecret(m dbus.Message, _ dbus.ObjectPath) (secret ss.Secret, err *dbus.Error) {
	secret = ss.NewSecret(sessionPath, "")
	err = i.answer(func() *dbus.Error {
		found, ok := i.items[pathOf(m)]
		if !ok {
			return dbus.NewError("org.freedesktop.Secret.Error.NoSuchObject", []any{"no such item"})
		}
		secret = found.secret
		return nil
	})
	return secret, err
}

func (i itemOf) Delete(m dbus.Message) (dbus.ObjectPath, *dbus.Error) {
	return noPrompt, i.answer(func() *dbus.Error {
		delete(i.items, pathOf(m))
		return nil
	})
}

type sessionOf struct{ *desk }

func (s sessionOf) Close() *dbus.Error { return s.answer(func() *dbus.Error { return nil }) }

// onDesk is a user whose keyring is a desk.
func onDesk(t testing.TB, tool string, d *desk) user {
	u := newUser(t, tool)
	for _, v := range d.env {
		if !strings.HasPrefix(v, "HOME=") {
			u.env = append(u.env, v)
		}
	}
	u.env = append(u.env, "APIKEY_STORE=keyring")
	return u
}

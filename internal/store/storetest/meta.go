package storetest

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/apikey-cli/apikey/internal/store"
)

var meta = map[string]func(*testing.T, *database){
	"Absent_IsNotFound": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error {
			_, err := r.Meta("absent")
			wantNotFound(t, "Meta", err)
			return nil
		})
	},
	"Values_ComeBackAndAreReplaced": func(t *testing.T, d *database) {
		for _, value := range [][]byte{[]byte("text"), {0, 255, 0}, {}, nil, bytes.Repeat([]byte("long"), 5000)} {
			d.write(func(w store.Writer) error { return w.SetMeta("name", value) })
			d.read(func(r store.Reader) error {
				got, err := r.Meta("name")
				if !bytes.Equal(got, value) {
					t.Errorf("got %d bytes, want %d", len(got), len(value))
				}
				return err
			})
		}
	},
	"Names_AreApart": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error { return w.SetMeta("a", []byte("1")) })
		d.write(func(w store.Writer) error { return w.SetMeta("A", []byte("2")) })
		d.read(func(r store.Reader) error {
			got, err := r.Meta("a")
			if string(got) != "1" {
				t.Errorf("a is %q, want 1", got)
			}
			return err
		})
	},
	"AllMeta_HasEveryValueAndTheInstance": func(t *testing.T, d *database) {
		d.write(func(w store.Writer) error { return errors.Join(w.SetMeta("a", []byte{0, 255}), w.SetMeta("b", nil)) })
		d.read(func(r store.Reader) error {
			all, err := r.AllMeta()
			named := map[string]string{}
			for name, value := range all {
				named[name] = string(value)
			}
			instance := d.Instance()
			if want := map[string]string{"a": "\x00\xff", "b": "", "instance": instance}; !reflect.DeepEqual(named, want) {
				t.Errorf("got %q, want %q", named, want)
			}
			return err
		})
	},
	"SetMeta_DoesNotTouchTheInstance": func(t *testing.T, d *database) {
		before := d.Instance()
		d.write(func(w store.Writer) error { return w.SetMeta("name", []byte("value")) })
		if after := d.another().Instance(); after != before {
			t.Errorf("the instance became %q, was %q", after, before)
		}
	},
}

package keyapi_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

var made = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)

// TestKey_JSON is the key object of the contract (§3), byte by byte: every field is always there, absent = null.
func TestKey_JSON(t *testing.T) {
	for name, test := range map[string]struct {
		key  keyapi.Key
		want string
	}{
		"active": {
			keyapi.Key{
				Account: "ada", Status: keyapi.StatusActive, Usable: true, BlockedBy: []keyapi.Block{}, AccessKey: "AK1",
				CreatedAt: made, ExpiresAt: made.AddDate(1, 0, 0), Revision: 1,
				Actions: []keyapi.Action{keyapi.ActionDisable, keyapi.ActionRegenerate, keyapi.ActionDelete},
			},
			`{"schema":1,"account":"ada","status":"active","usable":true,"blockedBy":[],"accessKey":"AK1",` +
				`"createdAt":"2026-11-23T06:44:00Z","expiresAt":"2027-11-23T06:44:00Z","lastUsedAt":null,"previous":null,` +
				`"revision":1,"mfaEnabled":false,"actions":["disable","regenerate","delete"]}`,
		},
		"everything": {
			keyapi.Key{
				Account: "ada", Status: keyapi.StatusDisabled, MFAEnabled: true, AccessKey: "AK2",
				BlockedBy: []keyapi.Block{keyapi.BlockDisabled, keyapi.BlockNotPermitted},
				CreatedAt: made, ExpiresAt: made.AddDate(1, 0, 0), LastUsedAt: made.Add(time.Hour), Revision: 12,
				Previous: &keyapi.Previous{AccessKey: "AK1", EndsAt: made.Add(24 * time.Hour)}, Actions: []keyapi.Action{keyapi.ActionDelete},
			},
			`{"schema":1,"account":"ada","status":"disabled","usable":false,"blockedBy":["disabled","not-permitted"],"accessKey":"AK2",` +
				`"createdAt":"2026-11-23T06:44:00Z","expiresAt":"2027-11-23T06:44:00Z","lastUsedAt":"2026-11-23T07:44:00Z",` +
				`"previous":{"accessKey":"AK1","endsAt":"2026-11-24T06:44:00Z"},"revision":12,"mfaEnabled":true,"actions":["delete"]}`,
		},
		"none": {
			keyapi.Key{
				Account: "ada", Status: keyapi.StatusNone, BlockedBy: []keyapi.Block{keyapi.BlockNoKey}, Revision: 3,
				Actions: []keyapi.Action{},
			},
			`{"schema":1,"account":"ada","status":"none","usable":false,"blockedBy":["no-key"],"accessKey":null,"createdAt":null,` +
				`"expiresAt":null,"lastUsedAt":null,"previous":null,"revision":3,"mfaEnabled":false,"actions":[]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(test.key)
			if err != nil || string(got) != test.want {
				t.Fatalf("got  %s (%v)\nwant %s", got, err, test.want)
			}
			var back keyapi.Key
			if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, test.key) {
				t.Errorf("read back %+v (%v)\nwant %+v", back, err, test.key)
			}
		})
	}
}

func TestKey_JSON_NilListsAreEmptyLists(t *testing.T) {
	got, err := json.Marshal(keyapi.Key{})
	if err != nil || !strings.Contains(string(got), `"blockedBy":[]`) || !strings.Contains(string(got), `"actions":[]`) {
		t.Errorf("got %s (%v)", got, err)
	}
}

func TestKey_JSON_TimesAreUTC(t *testing.T) {
	there := made.In(time.FixedZone("", 2*3600))
	got, err := json.Marshal(keyapi.Key{CreatedAt: there, Previous: &keyapi.Previous{EndsAt: there}})
	if err != nil || strings.Count(string(got), `"2026-11-23T06:44:00Z"`) != 2 {
		t.Errorf("got %s (%v)", got, err)
	}
	var k keyapi.Key
	if err := json.Unmarshal([]byte(`{"createdAt":"2026-11-23T08:44:00+02:00"}`), &k); err != nil || k.CreatedAt != made {
		t.Errorf("read %v (%v), want %v", k.CreatedAt, err, made)
	}
}

// A newer service can add fields.
func TestKey_JSON_UnknownFieldsAreIgnored(t *testing.T) {
	var k keyapi.Key
	if err := json.Unmarshal([]byte(`{"schema":1,"account":"ada","colour":"green","changed":true}`), &k); err != nil || k.Account != "ada" {
		t.Errorf("read %+v (%v)", k, err)
	}
}

func TestEvent_JSON(t *testing.T) {
	for want, event := range map[string]keyapi.Event{
		`{"at":"2026-11-23T06:44:00Z","action":"generate","actor":"ada","from":"192.0.2.1","userAgent":"apikey/1","accessKey":"AK1","revision":1}`: {
			At: made, Action: keyapi.ActionGenerate, Actor: "ada", From: "192.0.2.1", UserAgent: "apikey/1", AccessKey: "AK1", Revision: 1,
		},
		`{"at":"2026-11-23T06:44:00Z","action":"delete","actor":"ada","from":null,"userAgent":null,"accessKey":null,"revision":2}`: {
			At: made, Action: keyapi.ActionDelete, Actor: "ada", Revision: 2,
		},
	} {
		got, err := json.Marshal(event)
		if err != nil || string(got) != want {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
		var back keyapi.Event
		if err := json.Unmarshal([]byte(want), &back); err != nil || back != event {
			t.Errorf("read back %+v (%v)\nwant %+v", back, err, event)
		}
	}
}

func TestCodeOf(t *testing.T) {
	inner := keyapi.Errorf(keyapi.CodeNoKey, "There is no key", "Make one.")
	outer := &keyapi.Error{Code: keyapi.CodeUnavailable, Message: "It failed", Err: inner}
	for want, errs := range map[keyapi.Code][]error{
		"":                     {nil},
		keyapi.CodeInternal:    {errors.New("anything"), errors.Join(errors.New("a"), errors.New("b"))},
		keyapi.CodeNoKey:       {inner, errors.Join(errors.New("a"), inner), wrapped{wrapped{inner}}},
		keyapi.CodeUnavailable: {outer, wrapped{outer}}, // the outermost counts
	} {
		for _, err := range errs {
			if got := keyapi.CodeOf(err); got != want {
				t.Errorf("%v: %q, want %q", err, got, want)
			}
		}
	}
}

type wrapped struct{ err error }

func (w wrapped) Error() string { return "wrapped: " + w.err.Error() }
func (w wrapped) Unwrap() error { return w.err }

func TestError_SaysMessageAndCause(t *testing.T) {
	cause := errors.New("the cause")
	e := &keyapi.Error{Code: keyapi.CodeInternal, Message: "It failed", Hint: "Try again.", Err: cause}
	if e.Error() != "It failed: the cause" || !errors.Is(e, cause) {
		t.Errorf("says %q; is its cause: %v", e, errors.Is(e, cause))
	}
	if e := keyapi.Errorf(keyapi.CodeUsage, "It failed", "Try again."); e.Error() != "It failed" || e.Hint != "Try again." || e.Unwrap() != nil {
		t.Errorf("%+v", e)
	}
}

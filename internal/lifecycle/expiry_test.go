package lifecycle_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestExpiry_IsOneCalendarYearLater(t *testing.T) {
	for created, want := range map[string]string{
		"2026-11-23T06:44:00Z":           "2027-11-23T06:44:00Z", // the example of the design
		"2027-02-28T23:59:59Z":           "2028-02-28T23:59:59Z", // into a leap year: the same day, 365 days
		"2027-03-01T00:00:00Z":           "2028-03-01T00:00:00Z", // over a 29 February: the same day, 366 days
		"2028-02-29T12:00:00Z":           "2029-03-01T12:00:00Z", // there is no 29 February then
		"2028-02-29T23:59:59Z":           "2029-03-01T23:59:59Z",
		"2027-12-31T23:59:59Z":           "2028-12-31T23:59:59Z",
		"2026-11-23T06:44:00.999999999Z": "2027-11-23T06:44:00Z", // to the second
		"2028-02-29T01:30:00+02:00":      "2029-02-28T23:30:00Z", // in UTC it was 28 February still
		"2028-02-28T23:00:00-05:00":      "2029-03-01T04:00:00Z", // and here 29 February already
	} {
		at, err := time.Parse(time.RFC3339Nano, created)
		if err != nil {
			t.Fatal(err)
		}
		if got := lifecycle.Expiry(at).Format(time.RFC3339Nano); got != want {
			t.Errorf("a key of %s expires %s, want %s", created, got, want)
		}
	}
}

func TestStatus_ExpiresToTheSecond(t *testing.T) {
	for _, off := range []bool{false, true} {
		k := apply(t, lifecycle.Key{}, keyapi.ActionGenerate, now, 0)
		k.Disabled = off
		before := keyapi.StatusActive
		if off {
			before = keyapi.StatusDisabled
		}
		end := time.Date(2027, 11, 23, 6, 44, 0, 0, time.UTC)
		if !k.ExpiresAt().Equal(end) {
			t.Fatalf("expires %v, want %v", k.ExpiresAt(), end)
		}
		wantStatus(t, k, end.Add(-time.Second), before)
		wantStatus(t, k, end.Add(-time.Nanosecond), before)
		wantStatus(t, k, end, keyapi.StatusExpired)
		wantStatus(t, k, end.Add(time.Second), keyapi.StatusExpired)
		wantStatus(t, k, end.In(time.FixedZone("", 14*3600)), keyapi.StatusExpired)
	}
}

func TestExpiresAt_WithoutAKey_IsZero(t *testing.T) {
	k := states()[keyapi.StatusNone]
	if got := k.ExpiresAt(); !got.IsZero() {
		t.Errorf("no key expires %v", got)
	}
	wantStatus(t, k, now.AddDate(100, 0, 0), keyapi.StatusNone)
}

func TestExpiry_OfARegeneratedKey_CountsFromTheRegenerate(t *testing.T) {
	k := apply(t, states()[keyapi.StatusExpired], keyapi.ActionRegenerate, now, 0)
	if want := time.Date(2027, 11, 23, 6, 44, 0, 0, time.UTC); !k.ExpiresAt().Equal(want) {
		t.Errorf("expires %v, want %v", k.ExpiresAt(), want)
	}
}

func TestExpiry_DisableAndActivateDoNotMoveIt(t *testing.T) {
	k := states()[keyapi.StatusActive]
	want := k.ExpiresAt()
	k = apply(t, k, keyapi.ActionDisable, now, 0)
	k = apply(t, k, keyapi.ActionActivate, now.Add(day), 0)
	if got := k.ExpiresAt(); !got.Equal(want) {
		t.Errorf("expires %v, want %v", got, want)
	}
}

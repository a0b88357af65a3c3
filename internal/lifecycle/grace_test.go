package lifecycle_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestGrace_FromActive_ThePreviousWorksUntilItsEnd(t *testing.T) {
	k := apply(t, states()[keyapi.StatusActive], keyapi.ActionRegenerate, now, 24*time.Hour)
	end := time.Date(2026, 11, 24, 6, 44, 0, 0, time.UTC)
	p := k.LivePrevious(now)
	if p == nil || p.AccessKey != "AK-old" || string(p.Verifier) != "old" || p.Generation != 4 || !p.EndsAt.Equal(end) {
		t.Fatalf("previous %+v, want AK-old until %v", p, end)
	}
	if k.LivePrevious(end.Add(-time.Nanosecond)) == nil {
		t.Error("it does not work just before its end")
	}
	if k.LivePrevious(end) != nil {
		t.Error("it works at its end")
	}
}

func TestGrace_Bounds(t *testing.T) {
	for grace, ok := range map[time.Duration]bool{
		0: true, time.Second: true, 24 * time.Hour: true, 7 * day: true,
		-time.Second: false, 7*day + time.Second: false, 1500 * time.Millisecond: false, time.Nanosecond: false,
	} {
		before := states()[keyapi.StatusActive]
		after, changed, refused := before.Apply(keyapi.ActionRegenerate, now, fresh, grace)
		if changed != ok || (refused == keyapi.CodeInvalidRequest) == ok {
			t.Errorf("grace %v: changed %v, refused %q", grace, changed, refused)
		}
		if has := after.LivePrevious(now) != nil; has != (ok && grace > 0) {
			t.Errorf("grace %v: a previous key: %v", grace, has)
		}
	}
}

func TestGrace_OnlyAnActiveKeyGetsIt(t *testing.T) {
	for _, from := range []keyapi.Status{keyapi.StatusDisabled, keyapi.StatusExpired} {
		if k := apply(t, states()[from], keyapi.ActionRegenerate, now, 24*time.Hour); k.Previous != nil {
			t.Errorf("a key that was %s got a grace period: %+v", from, k.Previous)
		}
	}
	if k := apply(t, states()[keyapi.StatusNone], keyapi.ActionGenerate, now, 24*time.Hour); k.Previous != nil {
		t.Errorf("a first key has a previous one: %+v", k.Previous)
	}
}

func TestGrace_NeverOutlivesTheKeysOwnExpiry(t *testing.T) {
	k := states()[keyapi.StatusActive]
	expiry := k.ExpiresAt()
	for left, want := range map[time.Duration]time.Time{
		time.Second: expiry, time.Hour: expiry, 7*day - time.Second: expiry, 7 * day: expiry, 7*day + time.Second: expiry.Add(-time.Second),
	} {
		after := apply(t, k, keyapi.ActionRegenerate, expiry.Add(-left), 7*day)
		if got := after.Previous.EndsAt; !got.Equal(want) {
			t.Errorf("%v before its expiry: the grace ends %v, want %v", left, got, want)
		}
	}
}

func TestGrace_SecondRegenerate_EndsTheOlder(t *testing.T) {
	for grace, want := range map[time.Duration]string{time.Hour: "AK-old", 0: ""} {
		k := apply(t, inGrace(), keyapi.ActionRegenerate, now, grace)
		got := ""
		if p := k.LivePrevious(now); p != nil {
			got = p.AccessKey
		}
		if got != want {
			t.Errorf("grace %v: the previous key is %q, want %q", grace, got, want)
		}
	}
}

func TestGrace_DisableEndsItAndActivateDoesNotReviveIt(t *testing.T) {
	k := apply(t, inGrace(), keyapi.ActionDisable, now, 0)
	if k.Previous != nil {
		t.Errorf("after disable there is %+v", k.Previous)
	}
	k = apply(t, k, keyapi.ActionActivate, now, 0)
	if k.Previous != nil {
		t.Errorf("after activate there is %+v", k.Previous)
	}

	stale := inGrace() // as no transition makes it: whatever is stored, activate gives nothing back
	stale.Disabled = true
	if k := apply(t, stale, keyapi.ActionActivate, now, 0); k.Previous != nil {
		t.Errorf("activate revived %+v", k.Previous)
	}
}

func TestGrace_DeleteEndsIt(t *testing.T) {
	k := apply(t, inGrace(), keyapi.ActionDelete, now, 0)
	k = apply(t, k, keyapi.ActionGenerate, now, 0)
	if k.Previous != nil {
		t.Errorf("after delete and generate there is %+v", k.Previous)
	}
}

func TestDeletePrevious_EndsTheGraceAndTouchesNothingElse(t *testing.T) {
	before := inGrace()
	k := apply(t, before, keyapi.ActionDeletePrevious, now, 0)
	if k.Previous != nil || k.Revision != before.Revision+1 || k.AccessKey != before.AccessKey || k.Generation != before.Generation {
		t.Errorf("got %+v", k)
	}
	wantStatus(t, k, now, keyapi.StatusActive)
}

func TestDeletePrevious_AfterTheEnd_ChangesNothing(t *testing.T) {
	k := inGrace()
	if _, changed, refused := k.Apply(keyapi.ActionDeletePrevious, k.Previous.EndsAt, fresh, 0); changed || refused != "" {
		t.Errorf("changed %v, refused %q", changed, refused)
	}
}

func TestGenerations_WhatEndsTokensAndWhatDoesNot(t *testing.T) {
	active, grace := states()[keyapi.StatusActive], inGrace()
	for name, test := range map[string]struct {
		before lifecycle.Key
		do     []keyapi.Action
		grace  time.Duration
		want   int64 // generation of the key; 0 without one
		old    int64 // generation of the previous key; 0 without one
	}{
		"generate":                      {lifecycle.Key{LastGeneration: 4}, []keyapi.Action{keyapi.ActionGenerate}, 0, 5, 0},
		"the first generate":            {lifecycle.Key{}, []keyapi.Action{keyapi.ActionGenerate}, 0, 1, 0},
		"disable":                       {active, []keyapi.Action{keyapi.ActionDisable}, 0, 5, 0},
		"activate gives no new one":     {active, []keyapi.Action{keyapi.ActionDisable, keyapi.ActionActivate}, 0, 5, 0},
		"delete":                        {active, []keyapi.Action{keyapi.ActionDelete}, 0, 0, 0},
		"delete and generate":           {active, []keyapi.Action{keyapi.ActionDelete, keyapi.ActionGenerate}, 0, 5, 0},
		"regenerate":                    {active, []keyapi.Action{keyapi.ActionRegenerate}, 0, 5, 0},
		"regenerate with grace":         {active, []keyapi.Action{keyapi.ActionRegenerate}, time.Hour, 5, 4},
		"regenerate twice with grace":   {active, []keyapi.Action{keyapi.ActionRegenerate, keyapi.ActionRegenerate}, time.Hour, 6, 5},
		"delete-previous keeps the key": {grace, []keyapi.Action{keyapi.ActionDeletePrevious}, 0, 4, 0},
		"disable ends both":             {grace, []keyapi.Action{keyapi.ActionDisable}, 0, 5, 0},
	} {
		k := test.before
		for _, a := range test.do {
			k = apply(t, k, a, now, test.grace)
		}
		old := int64(0)
		if k.Previous != nil {
			old = k.Previous.Generation
		}
		if k.Generation != test.want || old != test.old {
			t.Errorf("%s: generations %d and %d, want %d and %d", name, k.Generation, old, test.want, test.old)
		}
		if k.LastGeneration < k.Generation || k.LastGeneration < test.before.LastGeneration {
			t.Errorf("%s: the last generation is %d", name, k.LastGeneration)
		}
	}
}

func TestRevise_IsARevisionAndNothingElse(t *testing.T) {
	for name, k := range map[string]lifecycle.Key{"in grace": inGrace(), "none": {Revision: 9, LastGeneration: 4}} {
		want := k
		want.Revision++
		if got := k.Revise(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

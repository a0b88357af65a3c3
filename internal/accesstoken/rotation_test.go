package accesstoken_test

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

// at gives the instant so long after the first key was made.
func at(after time.Duration) time.Time { return now.Truncate(time.Second).Add(after) }

// letters spells keys of a set by the letters they were given.
func letters(names map[string]string, keys []accesstoken.SigningKey) string {
	var out strings.Builder
	for _, k := range keys {
		out.WriteString(names[k.ID])
	}
	return out.String()
}

// TestRotation_Timeline is two rotations, minute by minute: B a day after A, and C five minutes after B.
func TestRotation_Timeline(t *testing.T) {
	const day, second = 24 * time.Hour, time.Second
	a, b, c := newKey(t, at(0)), newKey(t, at(day)), newKey(t, at(day+5*time.Minute))
	names := map[string]string{a.ID: "A", b.ID: "B", c.ID: "C"}
	s := newSet(t, c, a, b)
	minute := func(n time.Duration) time.Duration { return day + n*time.Minute }
	for _, step := range []struct {
		at                         time.Duration
		signer, verifiers, retired string
	}{
		{-time.Hour, "A", "ABC", ""}, // a clock that is behind
		{0, "A", "ABC", ""},
		{minute(0), "A", "ABC", ""},
		{minute(10) - second, "A", "ABC", ""}, // B is published and does not sign yet
		{minute(10), "B", "ABC", ""},
		{minute(15) - second, "B", "ABC", ""},
		{minute(15), "C", "ABC", ""},
		{minute(70), "C", "ABC", ""}, // the last token of A ends
		{minute(71) - second, "C", "ABC", ""},
		{minute(71), "C", "BC", "A"},
		{minute(76) - second, "C", "BC", "A"},
		{minute(76), "C", "C", "AB"},
		{1000 * day, "C", "C", "AB"},
	} {
		signer, ok := s.Signer(at(step.at))
		verifiers, retired := letters(names, s.Verifiers(at(step.at))), letters(names, s.Retired(at(step.at)))
		if !ok || names[signer.ID] != step.signer || verifiers != step.verifiers || retired != step.retired {
			t.Errorf("at %v: %s signs, %s verify, %s are retired; want %s, %s, %s",
				step.at, names[signer.ID], verifiers, retired, step.signer, step.verifiers, step.retired)
		}
		var published struct{ Keys []struct{ Kid string } }
		if err := json.Unmarshal(s.JWKS(at(step.at)), &published); err != nil {
			t.Fatal(err)
		}
		var spelled strings.Builder
		for _, k := range published.Keys {
			spelled.WriteString(names[k.Kid])
		}
		if spelled.String() != step.verifiers {
			t.Errorf("at %v: %s are published, want %s", step.at, spelled.String(), step.verifiers)
		}
	}
	never := time.Time{}
	wantTerms := []accesstoken.Term{
		{a.ID, at(0), at(0), at(minute(10)), at(minute(71))},
		{b.ID, at(day), at(minute(10)), at(minute(15)), at(minute(76))},
		{c.ID, at(minute(5)), at(minute(15)), never, never},
	}
	if got := s.Terms(); !slices.Equal(got, wantTerms) {
		t.Errorf("terms %v, want %v", got, wantTerms)
	}
}

// TestRotation_NoTokenIsLost: however often and whenever keys are rotated, and the retired ones removed, a token is
// accepted from its making to its end, also by a replica whose clock is off.
func TestRotation_NoTokenIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		keys := []accesstoken.SigningKey{newKey(t, at(0))}
		minute := rapid.IntRange(0, 200)
		for range rapid.IntRange(0, 4).Draw(r, "rotations") {
			last := keys[len(keys)-1].CreatedAt
			keys = append(keys, newKey(t, last.Add(time.Duration(minute.Draw(r, "later"))*time.Minute)))
		}
		s := newSet(t, keys...)
		issued := at(time.Duration(minute.Draw(r, "issued")) * time.Minute)
		skew := time.Duration(rapid.IntRange(-60, 60).Draw(r, "skew")) * time.Second
		c := claims()
		c.IssuedAt, c.ExpiresAt = issued, issued.Add(accesstoken.Lifetime)
		token := mint(t, s, c)
		for age := time.Duration(0); age <= accesstoken.Lifetime; age += 5 * time.Minute {
			there := issued.Add(age + skew)
			if !there.Before(c.ExpiresAt) {
				break
			}
			live := newSet(t, s.Verifiers(there)...) // without the retired ones
			e := want
			e.Now = there
			if _, err := live.Verify(token, e); err != nil {
				r.Fatalf("refused %v after its making, on a clock %v off: %v", age, skew, err)
			}
		}
	})
}

// TestRotation_SignerIsPublished: who keeps our JWKS for as long as it may be kept has the key of every token.
func TestRotation_SignerIsPublished(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := newKey(t, at(0))
		s, clock := newSet(t, first), at(0)
		for range rapid.IntRange(1, 4).Draw(r, "rotations") {
			clock = clock.Add(time.Duration(rapid.IntRange(-10, 30).Draw(r, "later")) * time.Minute)
			s = newSet(t, append(s.Verifiers(at(0)), successor(t, s, clock))...)
		}
		instant := at(time.Duration(rapid.IntRange(0, 150*60).Draw(r, "seconds")) * time.Second)
		signer, _ := s.Signer(instant)
		kept := instant.Add(-accesstoken.PublicationLead)
		if signer.ID != first.ID && signer.CreatedAt.After(kept) {
			r.Fatalf("at %v a key signs that was published at %v", instant, signer.CreatedAt)
		}
	})
}

func successor(t *testing.T, s accesstoken.KeySet, now time.Time) accesstoken.SigningKey {
	t.Helper()
	k, err := s.Successor(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestSuccessor_ClockBehind_StillComesAfter: it does not take over at once because it looks like the oldest.
func TestSuccessor_ClockBehind_StillComesAfter(t *testing.T) {
	first := newKey(t, at(0))
	s := newSet(t, first)
	for name, test := range map[string]struct{ now, created time.Time }{
		"behind": {at(-time.Hour), at(time.Second)}, "the same second": {at(time.Millisecond), at(time.Second)},
		"later": {at(time.Hour), at(time.Hour)},
	} {
		next := successor(t, s, test.now)
		if next.CreatedAt != test.created {
			t.Errorf("%s: created at %v, want %v", name, next.CreatedAt, test.created)
		}
		if signer, _ := newSet(t, first, next).Signer(test.now); signer.ID != first.ID {
			t.Errorf("%s: it signs at once", name)
		}
	}
	if k := successor(t, accesstoken.KeySet{}, now); k.CreatedAt != at(0) {
		t.Errorf("without predecessor created at %v", k.CreatedAt)
	}
	if _, err := s.Successor(strings.NewReader("few"), now); err == nil {
		t.Error("a key without randomness")
	}
}

func TestVerify_RetiredKey_Refused(t *testing.T) {
	a := newKey(t, at(0))
	alone := newSet(t, a)
	e := want
	e.Now = at(48 * time.Hour)
	c := claims()
	c.IssuedAt, c.ExpiresAt = e.Now, e.Now.Add(accesstoken.Lifetime)
	token := mint(t, alone, c)
	if _, err := alone.Verify(token, e); err != nil {
		t.Fatalf("while it signs: %v", err)
	}
	rotated := newSet(t, a, newKey(t, at(24*time.Hour)))
	_, err := rotated.Verify(token, e)
	wantRefused(t, "a retired key", err, "no such signing key")
}

// TestKeySet_NeverChanges: what is done to the lists it gives, or to the one it was made of, is not done to it.
func TestKeySet_NeverChanges(t *testing.T) {
	a, b, c := newKey(t, at(0)), newKey(t, at(time.Hour)), newKey(t, at(100*time.Hour))
	keys := []accesstoken.SigningKey{a, b, c}
	s := newSet(t, keys...)
	before := s.Terms()
	late, stranger := at(50*time.Hour), newKey(t, at(0))
	keys[0] = stranger
	for _, list := range [][]accesstoken.SigningKey{s.Retired(late), s.Verifiers(late)} {
		list[0] = stranger
		_ = append(list, stranger)
		_ = append(list[:0], stranger)
	}
	if got := s.Terms(); !slices.Equal(got, before) {
		t.Errorf("terms %v, were %v", got, before)
	}
}

func TestNewKeySet_WithoutKeys_Refused(t *testing.T) {
	for name, keys := range map[string][]accesstoken.SigningKey{
		"none": nil, "a zero key": {{}}, "a zero key beside another": {newKey(t, now), {ID: "a"}},
	} {
		if s, err := accesstoken.NewKeySet(keys); err == nil || len(s.Terms()) != 0 {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, ok := (accesstoken.KeySet{}).Signer(now); ok {
		t.Error("the zero set signs")
	}
}

// TestNewKeySet_SameKeyTwice_Once: read from two replicas, say. It must not be its own successor.
func TestNewKeySet_SameKeyTwice_Once(t *testing.T) {
	k := newKey(t, now)
	if got := newSet(t, k, k).Terms(); len(got) != 1 || !got[0].SignsTill.IsZero() {
		t.Errorf("terms %v", got)
	}
}

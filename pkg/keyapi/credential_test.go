package keyapi_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// The forms as the design (§2, §4) writes them, and who makes and who reads them.
var kinds = []struct {
	name   string
	form   *regexp.Regexp
	random int // how many of its last characters are random and evenly so
	digits int // size of the alphabet
	make   func(io.Reader) (string, error)
	parse  func(string) (string, error)
}{
	{
		"Access Key", regexp.MustCompile(`^AK[0-9A-HJKMNP-TV-Z]{18}$`), 18, 32, keyapi.NewAccessKey, keyapi.ParseAccessKey,
	},
	{
		"Access Secret", regexp.MustCompile(`^aks_[0-9A-Za-z]{49}$`), 0, 62,
		func(r io.Reader) (string, error) { s, err := keyapi.NewAccessSecret(r); return s.Reveal(), err },
		func(text string) (string, error) { s, err := keyapi.ParseAccessSecret(text); return s.Reveal(), err },
	},
	{
		"Idempotency-Key", regexp.MustCompile(`^ik_[0-9A-Za-z]{22}$`), 22, 62,
		func(r io.Reader) (string, error) { k, err := keyapi.NewIdempotencyKey(r); return k.Reveal(), err },
		func(text string) (string, error) { k, err := keyapi.ParseIdempotencyKey(text); return k.Reveal(), err },
	},
}

func TestCredentials_HaveTheirFormAndAreRead(t *testing.T) {
	for _, kind := range kinds {
		seen := map[string]bool{}
		for range 1000 {
			text, err := kind.make(rand.Reader)
			if err != nil || !kind.form.MatchString(text) || seen[text] {
				t.Fatalf("%s: made %q (%v), seen before: %v", kind.name, text, err, seen[text])
			}
			seen[text] = true
			if got, err := kind.parse(text); err != nil || got != text {
				t.Fatalf("%s: %q was read as %q (%v)", kind.name, text, got, err)
			}
		}
	}
}

// A thousand draws of a fixed source: every character of the alphabet comes about as often as the others. The bound is
// six standard deviations, which a remainder of 256 (the usual mistake) misses by far.
func TestCredentials_DrawEveryCharacterEquallyOften(t *testing.T) {
	source := mathrand.NewChaCha8([32]byte{1})
	for _, kind := range kinds {
		if kind.random == 0 {
			continue
		}
		const draws = 6000
		counts := map[byte]int{}
		for range draws {
			text, err := kind.make(source)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []byte(text[len(text)-kind.random:]) {
				counts[c]++
			}
		}
		mean := draws * kind.random / kind.digits
		if len(counts) != kind.digits {
			t.Errorf("%s: %d different characters, want %d", kind.name, len(counts), kind.digits)
		}
		for c, n := range counts {
			if (n-mean)*(n-mean) > 36*mean {
				t.Errorf("%s: %q came %d times, the mean is %d", kind.name, c, n, mean)
			}
		}
	}
}

// All 256 bits of the source are in the secret: two sources that differ in one bit give two secrets.
func TestAccessSecret_HoldsAllBits(t *testing.T) {
	seen := map[string]int{}
	for bit := -1; bit < 256; bit++ {
		var raw [32]byte
		if bit >= 0 {
			raw[bit/8] = 1 << (bit % 8)
		}
		s, err := keyapi.NewAccessSecret(bytes.NewReader(raw[:]))
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[s.Reveal()]; twice {
			t.Errorf("bits %d and %d give the same secret", bit, other)
		}
		seen[s.Reveal()] = bit
	}
	if largest, err := keyapi.NewAccessSecret(bytes.NewReader(bytes.Repeat([]byte{255}, 32))); err != nil || len(largest.Reveal()) != 53 {
		t.Errorf("the largest number does not fit: %d characters (%v)", len(largest.Reveal()), err)
	}
}

// Computed apart from this program (Python: zlib.crc32, base 62 by hand), so that all versions agree on the checksum.
func TestAccessSecret_Checksum_KnownValue(t *testing.T) {
	s, err := keyapi.NewAccessSecret(bytes.NewReader(make([]byte, 32)))
	if want := "aks_00000000000000000000000000000000000000000001cZAxE"; err != nil || s.Reveal() != want {
		t.Errorf("got %q (%v), want %q", s.Reveal(), err, want)
	}
}

func TestAccessSecret_EveryTypingError_IsFound(t *testing.T) {
	for range 20 {
		s, err := keyapi.NewAccessSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		right := s.Reveal()
		for at := range right {
			for _, c := range []byte(base62 + "_-. ") {
				wantRefused(t, "substitution", right, right[:at]+string(c)+right[at+1:])
			}
			wantRefused(t, "left out", right, right[:at]+right[at+1:])
			wantRefused(t, "doubled", right, right[:at]+right[at:at+1]+right[at:])
			if at > 0 {
				wantRefused(t, "transposition", right, right[:at-1]+right[at:at+1]+right[at-1:at]+right[at+1:])
			}
		}
		for _, wrong := range []string{"", "aks_", " " + right, right + "\n", strings.ToUpper(right), strings.ToLower(right), right + right, "sk" + right[2:]} {
			wantRefused(t, "another text", right, wrong)
		}
	}
}

func wantRefused(t *testing.T, what, right, wrong string) {
	t.Helper()
	if wrong == right {
		return
	}
	s, err := keyapi.ParseAccessSecret(wrong)
	if err == nil || !s.IsZero() {
		t.Fatalf("%s: %q was taken for %q", what, wrong, right)
	}
	wantDiscreet(t, wrong, err)
}

// wantDiscreet fails if an error of a parser has another code than CodeInvalidRequest or shows what it was given.
func wantDiscreet(t *testing.T, input string, err error) {
	t.Helper()
	var e *keyapi.Error
	if !errors.As(err, &e) || e.Code != keyapi.CodeInvalidRequest || e.Message == "" || e.Hint == "" {
		t.Fatalf("error %+v, want %s with a message and a hint", err, keyapi.CodeInvalidRequest)
	}
	said := e.Error() + e.Hint
	for from := 0; from+12 <= len(input); from++ { // 12 characters of it are too many
		if part := input[from : from+12]; strings.Contains(said, part) && !strings.Contains(constant, part) {
			t.Fatalf("the error repeats %q: %s", part, said)
		}
	}
}

// constant is what the errors say whatever they are given.
var constant = func() string {
	var all strings.Builder
	for _, kind := range kinds {
		_, err := kind.parse("")
		var e *keyapi.Error
		errors.As(err, &e)
		all.WriteString(e.Error() + e.Hint)
	}
	return all.String()
}()

func TestParse_WrongForms_AreRefused(t *testing.T) {
	for _, kind := range kinds {
		right, err := kind.make(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []string{
			"", right[1:], right + "A", right[:len(right)-1], " " + right, right + "\n", "x" + right, right[:5] + " " + right[6:],
			right[:5] + "é" + right[7:], right[:5] + "\x00" + right[6:], right[:5] + "\xff" + right[6:], strings.Repeat(right, 2),
		} {
			if got, err := kind.parse(wrong); err == nil || got != "" {
				t.Errorf("%s: %q was taken", kind.name, wrong)
			} else {
				wantDiscreet(t, wrong, err)
			}
		}
	}
	for _, confusable := range []string{"I", "L", "O", "U", "a"} { // Crockford leaves them out
		if _, err := keyapi.ParseAccessKey("AK" + strings.Repeat("0", 17) + confusable); err == nil {
			t.Errorf("an Access Key with %s was taken", confusable)
		}
	}
}

func TestCredentials_WithoutRandomness_AreNotMade(t *testing.T) {
	broken := errors.New("no randomness")
	for _, kind := range kinds {
		for _, source := range []io.Reader{iotest.ErrReader(broken), io.MultiReader(strings.NewReader("too few"), iotest.ErrReader(broken))} {
			if text, err := kind.make(source); !errors.Is(err, broken) {
				t.Errorf("%s: %q, error %v", kind.name, text, err)
			}
		}
	}
}

// A byte beyond the last whole multiple of the alphabet is drawn again, or the first characters came more often.
func TestIdempotencyKey_DrawsAgainWhatWouldNotBeEven(t *testing.T) {
	source := io.MultiReader(bytes.NewReader(bytes.Repeat([]byte{248, 255}, 11)), bytes.NewReader(bytes.Repeat([]byte{247}, 22)))
	k, err := keyapi.NewIdempotencyKey(source)
	if want := "ik_" + strings.Repeat("z", 22); err != nil || k.Reveal() != want {
		t.Errorf("got %q (%v), want %q", k.Reveal(), err, want)
	}
}

func FuzzParseAccessKey(f *testing.F)      { fuzz(f, 0) }
func FuzzParseAccessSecret(f *testing.F)   { fuzz(f, 1) }
func FuzzParseIdempotencyKey(f *testing.F) { fuzz(f, 2) }

// fuzz checks that a parser takes exactly the texts of its form, gives them back as they are, and keeps silent about
// the others.
func fuzz(f *testing.F, n int) {
	kind := kinds[n]
	for _, other := range kinds {
		text, err := other.make(mathrand.NewChaCha8([32]byte{2}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)-1] + "\x80")
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := kind.parse(text)
		switch {
		case err != nil && got != "":
			t.Errorf("error and %q", got)
		case err != nil:
			wantDiscreet(t, text, err)
			if kind.random > 0 && kind.form.MatchString(text) {
				t.Errorf("%q has the form and was refused", text)
			}
		case got != text || !kind.form.MatchString(text):
			t.Errorf("%q was taken, as %q", text, got)
		}
	})
}

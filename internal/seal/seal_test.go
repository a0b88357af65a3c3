package seal_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/apikey-cli/apikey/internal/seal"
)

var (
	key   = bytes.Repeat([]byte{1}, 32)
	other = bytes.Repeat([]byte{2}, 32)
)

func TestOpen_GivesWhatWasClosed_AndNothingElse(t *testing.T) {
	plain, bound := []byte("the seed"), []byte("ada")
	sealed, err := seal.Close(rand.Reader, key, plain, bound)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seal.Close(rand.Reader, key, plain, bound); err != nil || bytes.Equal(again, sealed) {
		t.Errorf("the same was sealed twice alike: %v", err)
	}
	if got, err := seal.Open(key, sealed, bound); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := seal.Open(other, sealed, bound); err == nil {
		t.Error("it opened under another key")
	}
	if _, err := seal.Open(key, sealed, []byte("bob")); err == nil {
		t.Error("it opened in another place")
	}
	for i := range sealed {
		changed := slices.Clone(sealed)
		changed[i] ^= 1
		if _, err := seal.Open(key, changed, bound); err == nil {
			t.Errorf("it opened with byte %d changed", i)
		}
		if _, err := seal.Open(key, sealed[:i], bound); err == nil {
			t.Errorf("it opened cut off at byte %d", i)
		}
	}
}

func TestClose_WithoutRandomOrWithAWrongKey_Fails(t *testing.T) {
	failed := errors.New("no entropy")
	if _, err := seal.Close(iotest.ErrReader(failed), key, nil, nil); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if _, err := seal.Close(rand.Reader, key[:5], nil, nil); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
	if _, err := seal.Open(key[:5], make([]byte, 40), nil); err == nil {
		t.Error("a key of 5 bytes was taken")
	}
}

// TestVerifier_IsThatOfTheStandard: test case 2 of RFC 4231.
func TestVerifier_IsThatOfTheStandard(t *testing.T) {
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if got := hex.EncodeToString(seal.Verifier([]byte("Jefe"), "what do ya want for nothing?")); got != want {
		t.Errorf("got %s", got)
	}
}

// TestVerifiers_AreThoseOfVerifier, however often and by however many they are asked for.
func TestVerifiers_AreThoseOfVerifier(t *testing.T) {
	of := seal.Verifiers(key)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for m := range 50 {
				text := strings.Repeat("x", n*m)
				if got := of(text); !bytes.Equal(got, seal.Verifier(key, text)) {
					t.Errorf("%d: got %x", n*m, got)
				}
			}
		})
	}
	all.Wait()
}

package keyapi_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"testing"
	"testing/iotest"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func TestSessionToken_FormAndChecksum(t *testing.T) {
	form := regexp.MustCompile(`^aps_[0-9A-Za-z]{49}$`)
	for range 100 {
		token, err := keyapi.NewSessionToken(rand.Reader)
		if err != nil || !form.MatchString(token.Reveal()) {
			t.Fatalf("%q, %v", token.Reveal(), err)
		}
		if back, err := keyapi.ParseSessionToken(token.Reveal()); err != nil || back.Reveal() != token.Reveal() {
			t.Fatalf("parsed: %v", err)
		}
	}
}

func TestSessionToken_UsesAll256Bits(t *testing.T) {
	zeros, err := keyapi.NewSessionToken(bytes.NewReader(make([]byte, 32)))
	if err != nil || zeros.Reveal()[:47] != "aps_0000000000000000000000000000000000000000000" {
		t.Errorf("of zeros: %q, %v", zeros.Reveal(), err)
	}
	seen := map[string]bool{zeros.Reveal(): true}
	for bit := range 256 {
		raw := make([]byte, 32)
		raw[bit/8] = 1 << (bit % 8)
		token, err := keyapi.NewSessionToken(bytes.NewReader(raw))
		if err != nil || seen[token.Reveal()] {
			t.Errorf("bit %d makes no other token: %v", bit, err)
		}
		seen[token.Reveal()] = true
	}
}

func TestSessionToken_NoRandomness_IsAnError(t *testing.T) {
	broken := errors.New("no randomness")
	if token, err := keyapi.NewSessionToken(iotest.ErrReader(broken)); !errors.Is(err, broken) || !token.IsZero() {
		t.Errorf("error %v, token %v", err, !token.IsZero())
	}
}

func TestParseSessionToken_Mistyped(t *testing.T) {
	token, err := keyapi.NewSessionToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := token.Reveal()
	for i := 4; i < len(text); i++ {
		wrong := []byte(text)
		wrong[i] = '0' + (wrong[i]-'0'+1)%10
		if _, err := keyapi.ParseSessionToken(string(wrong)); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("character %d wrong: %v", i, err)
		}
	}
	secret, err := keyapi.NewAccessSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "aps_", text[:len(text)-1], text + "0", " " + text, secret.Reveal(), "aks_" + text[4:]} {
		if _, err := keyapi.ParseSessionToken(wrong); keyapi.CodeOf(err) != keyapi.CodeInvalidRequest {
			t.Errorf("a wrong token is taken: %v", err)
		}
	}
}

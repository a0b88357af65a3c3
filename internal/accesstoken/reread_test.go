package accesstoken_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/apikey-cli/apikey/internal/accesstoken"
)

// TestReread_GivesWhatVerifyGave, whatever a token of ours says.
func TestReread_GivesWhatVerifyGave(t *testing.T) {
	key := newKey(t, now)
	s := newSet(t, key)
	rapid.Check(t, func(t *rapid.T) {
		c := claims()
		text := rapid.StringMatching(`[a-z"\\é\x00 ]{1,20}`)
		c.Subject, c.ClientID, c.ID = text.Draw(t, "sub"), text.Draw(t, "client"), text.Draw(t, "jti")
		c.Generation = rapid.Int64Range(1, 1<<62).Draw(t, "gen")
		token, err := s.Mint(c)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := s.Verify(token.Reveal(), want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := accesstoken.Reread(token.Reveal()); !ok || got != verified {
			t.Errorf("%t\n got %+v\nwant %+v", ok, got, verified)
		}
	})
}

func TestReread_OfWhatIsNoToken(t *testing.T) {
	for _, text := range []string{"", "a", "a.b", "..", "a.%.c", "a.e30", strings.Repeat(".", 9)} {
		if _, ok := accesstoken.Reread(text); ok {
			t.Errorf("%q is taken for a token", text)
		}
	}
}

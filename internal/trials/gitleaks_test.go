package trials

import (
	"crypto/rand"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// ruleBook is what of a configuration of gitleaks decides on a text.
type ruleBook struct {
	Rules []struct {
		ID       string
		Regex    string
		Keywords []string
	}
	Allowlists []struct {
		TargetRules []string
		Regexes     []string
	}
}

// finds lists the rules that find something in a text. As gitleaks does, a rule is tried only where one of its keywords
// is.
func (b ruleBook) finds(text string) (found []string) {
	for _, rule := range b.Rules {
		hasKeyword := slices.ContainsFunc(rule.Keywords, func(k string) bool { return strings.Contains(strings.ToLower(text), k) })
		match := regexp.MustCompile(rule.Regex).FindString(text)
		if hasKeyword && match != "" && !b.allows(rule.ID, match) {
			found = append(found, rule.ID)
		}
	}
	return found
}

func (b ruleBook) allows(rule, match string) bool {
	for _, list := range b.Allowlists {
		for _, allowed := range list.Regexes {
			if slices.Contains(list.TargetRules, rule) && regexp.MustCompile(allowed).MatchString(match) {
				return true
			}
		}
	}
	return false
}

// TestGitleaks_FindsOurSecrets_AndNothingElse: the rules that ship find every secret this program can make, wherever it
// is written, and none of what only looks like one. That gitleaks itself takes them is tried in .ci/soak.
func TestGitleaks_FindsOurSecrets_AndNothingElse(t *testing.T) {
	text, err := os.ReadFile("../../docs/gitleaks.toml")
	if err != nil {
		t.Fatal(err)
	}
	var book ruleBook
	if err := toml.Unmarshal(text, &book); err != nil {
		t.Fatal(err)
	}
	if len(book.Rules) != 3 {
		t.Fatalf("%d rules", len(book.Rules))
	}
	places := []string{
		"%", "APIKEY_ACCESS_SECRET=%", `{"accessSecret":"%"}`, "curl -u AK0123456789ABCDEFGH:% https://keys.example", "Authorization: Bearer %",
		"Idempotency-Key: %\r\n", "https://AK0123456789ABCDEFGH:%@keys.example/", "- secret: '%' # a comment", "(%)", "%\x00",
	}
	for range 200 {
		secret, err := keyapi.NewAccessSecret(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for rule, sample := range map[string]string{
			"apikey-access-secret": secret.Reveal(), "apikey-idempotency-key": attempt.Reveal(),
			"apikey-session-token": "aps_" + strings.TrimPrefix(secret.Reveal(), "aks_"),
		} {
			for _, place := range places {
				if got := book.finds(strings.ReplaceAll(place, "%", sample)); !slices.Equal(got, []string{rule}) {
					t.Errorf("%s in %q: %v", rule, place, got)
				}
			}
		}
	}
	for _, sample := range []string{
		"aks_…", "aks_" + strings.Repeat("x", 49), "aks_EXAMPLE" + strings.Repeat("y", 42), "tasks_" + strings.Repeat("Az9", 16) + "k",
		"aks_" + strings.Repeat("Az9", 16), "aks_" + strings.Repeat("Az9", 17), "risk_0123456789ABCDEFGHIJKL", "ik_0123456789ABCDEFGHIJKLM",
		"AK0123456789ABCDEFGH", "aks_cluster_name_in_some_region_of_the_cloud_provider_", "maps_" + strings.Repeat("Az9", 16) + "k",
	} {
		if got := book.finds(sample); got != nil {
			t.Errorf("%q: %v", sample, got)
		}
	}
}

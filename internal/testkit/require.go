// Package testkit holds what several packages' tests need: the real parts a user's machine has (a terminal, a keyring,
// the built program) and the rule for when they are not there. Only tests may import it.
package testkit

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Missing ends a test for which this machine lacks a part ("keyring", "pty", "postgres", …): it skips and names the
// command that brings the part. Where APIKEY_TEST_REQUIRE lists the part, as in CI, it fails instead.
func Missing(t testing.TB, part, why, install string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("APIKEY_TEST_REQUIRE"), ","), part) {
		t.Fatalf("%s is required here (APIKEY_TEST_REQUIRE) but missing: %s. To install it: %s", part, why, install)
	}
	t.Skipf("needs %s: %s. To run this test: %s", part, why, install)
}

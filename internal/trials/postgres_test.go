//go:build linux

package trials

import (
	"testing"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestOnPostgres: what is tried with a service on a file holds on PostgreSQL too. Killed are services; the database goes on
// and finds out by itself. The short form is only the one order whose loss would be the worst.
func TestOnPostgres(t *testing.T) {
	cluster := testkit.StartPostgres(t)
	t.Run("killed at every step", func(t *testing.T) {
		killedAtEveryStep(t, newServiceOn(t, cluster.Database(t), buildService(t, "failpoint"), "ada"), "regenerate")
	})
	if !long {
		return
	}
	t.Run("histories of many clients", func(t *testing.T) {
		logins := historyLogins(40)
		historiesOver(t, newServiceOn(t, cluster.Database(t), buildService(t), logins...), logins)
	})
}

//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestScripts_Postgres runs the program on a PostgreSQL of its own. Its address has a password, which nothing may show.
func TestScripts_Postgres(t *testing.T) {
	params := scripts("testdata/postgres")
	cluster := testkit.StartPostgres(t)
	plain := params.Setup
	params.Setup = func(env *testscript.Env) error {
		for _, name := range []string{"POSTGRES", "EMPTY"} {
			env.Setenv(name, strings.Replace(cluster.Database(t), "apikey@", "apikey:hunter2@", 1))
		}
		return plain(env)
	}
	params.Cmds["stop-postgres"] = func(*testscript.TestScript, bool, []string) { cluster.Stop() }
	testscript.Run(t, params)
}

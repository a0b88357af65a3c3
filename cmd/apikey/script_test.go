package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestMain lets the test binary be the program: the scripts run it as a process of its own, with its real main, except
// that APIKEY_TEST_CLOCK (which the program itself does not know) moves its clock.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"apikey": testkit.Scripted(run, "APIKEY_TEST_CLOCK")})
}

// TestScripts runs the whole program as its users do; one script a command.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": testkit.Exits,
			"json":  testkit.JSONFields,
		},
		Setup: newMachine,
	})
}

// newMachine gives a script a user's machine without keyring, terminal or configuration.
func newMachine(env *testscript.Env) error {
	env.Setenv("HOME", env.WorkDir+"/home")
	env.Setenv("APIKEY_STORE", "file")
	env.Setenv("TZ", "UTC")
	env.Setenv("USERNAME", login())
	helper, bin := testkit.PassHelper()
	env.Setenv("HELPER", helper)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("PASSWORD_STORE_DIR", env.WorkDir+"/vault")
	for _, name := range []string{"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "CI"} {
		env.Setenv(name, "")
	}
	return os.Mkdir(env.WorkDir+"/home", 0o700)
}

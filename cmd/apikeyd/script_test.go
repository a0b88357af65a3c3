package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestMain lets the test binary be the program: the scripts run it as a process of its own, with its real main, except
// that APIKEYD_TEST_CLOCK (which the program itself does not know) moves its clock.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"apikeyd": testkit.Scripted(run, "APIKEYD_TEST_CLOCK")})
}

// TestScripts runs the whole program as its operators do.
func TestScripts(t *testing.T) { testscript.Run(t, scripts("testdata/script")) }

// scripts gives how the scripts of a folder are run.
func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  testkit.Exits,
			"serve":  serve,
			"end":    end,
			"http":   request,
			"logs":   logs,
			"pair":   pair,
			"begin":  begin,
			"finish": finish,
			"smtp":   mailServer,
			"mail":   mail,
			"mails":  mails,
			"stall":  stall,
			"resume": resume,
		},
		Setup: func(env *testscript.Env) error {
			// A machine on which nothing is set up.
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("TZ", "UTC")
			for _, name := range []string{"XDG_DATA_HOME", "CI", "NOTIFY_SOCKET"} {
				env.Setenv(name, "")
			}
			env.Values[serverKey{}] = &server{}
			env.Values[mailServerKey{}] = &takesMails{}
			return os.Mkdir(env.WorkDir+"/home", 0o700)
		},
	}
}

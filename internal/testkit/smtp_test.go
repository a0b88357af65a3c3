package testkit_test

import (
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
)

// TestRunMailServer_IsStoppedAtOnce: also one that did not come to serve yet.
func TestRunMailServer_IsStoppedAtOnce(t *testing.T) {
	for range 100 {
		_, stop, err := testkit.RunMailServer(testkit.MailServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		select {
		case <-stopped:
		case <-time.After(20 * time.Second):
			t.Fatal("it does not stop")
		}
	}
}

package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// atOnce lets many sign in to ada at the same time, on some replicas, and gives how often which code came of it.
func atOnce(services []*accounts.Service, many int, passwordOf func(n int) string) map[keyapi.Code]int {
	codes := make(chan keyapi.Code, many)
	var wg sync.WaitGroup
	for n := range many {
		wg.Go(func() {
			_, _, _, err := services[n%len(services)].SignIn(ctx, accounts.SignIn{LoginID: "ada", Password: secret(passwordOf(n))}, home)
			codes <- keyapi.CodeOf(err)
		})
	}
	wg.Wait()
	close(codes)
	count := map[keyapi.Code]int{}
	for code := range codes {
		count[code]++
	}
	return count
}

// TestRightPasswords_AtTheSameTime_AreAllTaken: even where one more wrong one would be too many.
func TestRightPasswords_AtTheSameTime_AreAllTaken(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	for _, before := range []int{0, 4} {
		for range before {
			w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
		}
		if got := atOnce([]*accounts.Service{w.Service, w.replica()}, 30, func(int) string { return password }); got[""] != 30 {
			t.Errorf("after %d wrong ones: %v, want 30 without an error", before, got)
		}
	}
	for range 5 { // nothing is left of them in the counts
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", password, "", home), time.Second)
}

// TestUndecided_WhoWaitsIsTold: nobody has to look again and again.
func TestUndecided_WhoWaitsIsTold(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	w.LookOnlyIfTold()
	for range 4 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	if got := atOnce([]*accounts.Service{w.Service}, 60, func(int) string { return password }); got[""] != 60 {
		t.Errorf("%v, want 60 without an error", got)
	}
	for range 4 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	got := atOnce([]*accounts.Service{w.Service}, 60, func(int) string { return wrong })
	if got[keyapi.CodeUnauthenticated] != 1 || got[keyapi.CodeRateLimited] != 59 {
		t.Errorf("%v, want one looked at, and the others refused", got)
	}
}

// TestRightPassword_AmongWrongOnes: those that are undecided when it is taken stay counted.
func TestRightPassword_AmongWrongOnes(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	var first atomic.Bool
	looking, release := make(chan struct{}), make(chan struct{})
	w.CheapHashing(func() {
		if first.CompareAndSwap(false, true) {
			close(looking)
			<-release
		}
	})
	failed := make(chan error)
	go func() { failed <- w.try("ada", wrong, "", home) }()
	<-looking
	w.want(w.try("ada", password, "", home), "")
	close(release)
	w.want(<-failed, keyapi.CodeUnauthenticated)
	for range 4 {
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", wrong, "", home), time.Second)
}

// TestRightPassword_OfWhoGoesAway_IsNoFailure: it was right, whether or not somebody is there for the session.
func TestRightPassword_OfWhoGoesAway_IsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	for range 5 {
		leaving, leave := context.WithCancel(ctx)
		w.CheapHashing(leave)
		_, _, _, err := w.SignIn(leaving, accounts.SignIn{LoginID: "ada", Password: secret(password)}, home)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("who went away got %v", err)
		}
	}
	w.CheapHashing(func() {})
	for range 5 { // none of theirs is counted
		w.want(w.try("ada", wrong, "", home), keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", password, "", home), time.Second)
}

// stuck begins five attempts that stay undecided until they are released, and gives what comes of them.
func stuck(w *world) (release chan struct{}, results chan error) {
	release, results = make(chan struct{}), make(chan error, 5)
	w.CheapHashing(func() { <-release })
	for range 5 {
		go func() { results <- w.try("ada", wrong, "", home) }()
	}
	eventually(w, func() bool { return w.HashesQueued() == 5 })
	return release, results
}

func eventually(w *world, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("it does not come to that")
		}
	}
}

// TestUndecided_WhoIsGone_HasFailed: an attempt whose replica ended in the middle of it holds others up for ten seconds.
func TestUndecided_WhoIsGone_HasFailed(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	release, results := stuck(w)
	waited := make(chan error)
	go func() { waited <- w.try("ada", wrong, "", home) }()
	eventually(w, func() bool { return w.WaitingForOthers() == 1 })
	w.wait(10 * time.Second)
	eventually(w, func() bool { return w.WaitingForOthers() == 0 })
	close(release) // what they come to is too late
	w.want(<-waited, keyapi.CodeUnauthenticated)
	for range 5 {
		w.want(<-results, keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", password, "", home), 2*time.Second) // six have failed
}

// TestUndecided_ABoundedNumberWaits: beyond it, and for who does not wait any longer, nothing is counted.
func TestUndecided_ABoundedNumberWaits(t *testing.T) {
	w := newWorld(t)
	w.add("ada")
	release, results := stuck(w)
	waiting, cancel := context.WithCancel(ctx)
	waited := make(chan error, 64)
	for range 64 {
		go func() {
			_, _, _, err := w.SignIn(waiting, accounts.SignIn{LoginID: "ada", Password: secret(password)}, home)
			waited <- err
		}()
	}
	eventually(w, func() bool { return w.WaitingForOthers() == 64 })
	err := w.try("ada", password, "", home)
	w.wantWait(err, time.Second)
	if fmt.Sprint(err) != "Too many people are signing in at this moment" {
		t.Errorf("told: %v", err)
	}
	cancel()
	for range 64 {
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited got %v", err)
		}
	}
	close(release)
	for range 5 {
		w.want(<-results, keyapi.CodeUnauthenticated)
	}
	w.wantWait(w.try("ada", password, "", home), time.Second)
	w.wait(time.Second)
	w.want(w.try("ada", password, "", home), "")
}

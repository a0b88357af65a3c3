package signin_test

import (
	"context"
	"testing"

	"github.com/apikey-cli/apikey/internal/signin"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func (b *bench) signedIn() (signin.Rest, string) {
	b.t.Helper()
	b.mustSignIn(b.request())
	return signin.Rest{Desk: b.Desk, Seat: signin.Seat{Server: server, Origin: server, Login: "ada"}}, b.live[len(b.live)-1]
}

func TestRest_GoesToAnotherStore_AndLeavesNoCopy(t *testing.T) {
	b, ctx := newBench(t), context.Background()
	r, token := b.signedIn()
	changed, err := r.Copy(ctx, b.file)
	if err != nil || !changed || len(b.keyring.Kept) != 1 || len(b.file.Kept) != 1 {
		t.Fatalf("%v %v", changed, err)
	}
	if changed, err := r.Clear(ctx); err != nil || !changed || len(b.keyring.Kept) != 0 {
		t.Errorf("%v %v", changed, err)
	}
	if got, err := b.Session(ctx, r.Seat); err != nil || got.Reveal() != token {
		t.Errorf("the session is not the same: %v", err)
	}
	note, err := b.Note(r.Seat)
	if err != nil || note.Store != "file" || len(note.Stale) != 0 || !note.ExpiresAt.Equal(ends) {
		t.Errorf("%+v %v", note, err)
	}
	for range 2 {
		copied, err := r.Copy(ctx, b.file)
		cleared, err2 := r.Clear(ctx)
		if copied || cleared || err != nil || err2 != nil {
			t.Errorf("a second time: %v %v %v %v", copied, cleared, err, err2)
		}
	}
}

func TestRest_TheOldStoreDoesNotLetGo_TheNextClearEndsIt_AndSoDoesSigningOut(t *testing.T) {
	for _, signOut := range []bool{false, true} {
		b, ctx := newBench(t), context.Background()
		r, token := b.signedIn()
		if _, err := r.Copy(ctx, b.file); err != nil {
			t.Fatal(err)
		}
		b.keyring.Fails["delete"] = keyapi.Errorf(keyapi.CodeStoreLocked, "locked", "")
		if _, err := r.Clear(ctx); keyapi.CodeOf(err) != keyapi.CodeStoreLocked {
			t.Errorf("%v", err)
		}
		if got, err := b.Session(ctx, r.Seat); err != nil || got.Reveal() != token {
			t.Errorf("%v", err)
		}
		delete(b.keyring.Fails, "delete")
		if signOut {
			if _, err := b.Forget(ctx, r.Seat); err != nil || len(b.file.Kept) != 0 {
				t.Errorf("%v", err)
			}
		} else if _, err := r.Clear(ctx); err != nil {
			t.Error(err)
		}
		if len(b.keyring.Kept) != 0 {
			t.Error("a copy is left")
		}
	}
}

func TestRest_TargetFails_TheSessionStays(t *testing.T) {
	b, ctx := newBench(t), context.Background()
	r, token := b.signedIn()
	b.file.Fails["put"], b.file.Lands = keyapi.Errorf(keyapi.CodeStoreTimeout, "late", ""), true
	if _, err := r.Copy(ctx, b.file); keyapi.CodeOf(err) != keyapi.CodeStoreTimeout {
		t.Errorf("%v", err)
	}
	if got, err := b.Session(ctx, r.Seat); err != nil || got.Reveal() != token {
		t.Errorf("%v", err)
	}
	if changed, err := r.Clear(ctx); err != nil || !changed || len(b.file.Kept) != 0 { // the stray copy
		t.Errorf("%v %v", changed, err)
	}
}

// TestRest_TheStoreHasLostTheSession: a copy that an earlier move left is no session any more, and goes with the note.
func TestRest_TheStoreHasLostTheSession(t *testing.T) {
	b, ctx := newBench(t), context.Background()
	r, _ := b.signedIn()
	if _, err := r.Copy(ctx, b.file); err != nil { // and is cut short
		t.Fatal(err)
	}
	clear(b.file.Kept)
	if changed, err := r.Copy(ctx, b.keyring); err != nil || changed {
		t.Errorf("%v %v", changed, err)
	}
	if note, err := b.Note(r.Seat); err != nil || note.Store != "" || len(b.keyring.Kept) != 0 {
		t.Errorf("noted %+v, %v; %d copies", note, err, len(b.keyring.Kept))
	}
}

func TestRest_NobodySignedIn(t *testing.T) {
	b := newBench(t)
	r := signin.Rest{Desk: b.Desk}
	if changed, err := r.Copy(context.Background(), b.file); changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	if changed, err := r.Clear(context.Background()); changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
}

// TestSignIn_AsAnother_RemovesTheFormerSessionFromEveryStoreItMayBeIn, also where a move had left a copy.
func TestSignIn_AsAnother_RemovesTheFormerSessionFromEveryStoreItMayBeIn(t *testing.T) {
	b := newBench(t)
	r, _ := b.signedIn()
	if _, err := r.Copy(context.Background(), b.file); err != nil { // and is cut short
		t.Fatal(err)
	}
	in := b.request()
	in.Login, in.Before = "eve", r.Seat
	b.mustSignIn(in)
	if len(b.keyring.Kept)+len(b.file.Kept) != 1 {
		t.Errorf("%d sessions in the keyring, %d in the file", len(b.keyring.Kept), len(b.file.Kept))
	}
}

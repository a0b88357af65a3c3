package custody_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// granter is a service that gives tokens and counts them.
type granter struct {
	given int
	b     *bench
}

func (g *granter) grant(ctx context.Context, accessKey string, secret keyapi.Secret) (custody.Token, error) {
	if err := g.b.api.Authenticate(ctx, accessKey, secret); err != nil {
		return custody.Token{}, err
	}
	g.given++
	return custody.Token{AccessToken: keyapi.NewSecret(fmt.Sprint("token ", g.given)), ExpiresAt: g.b.now.Add(time.Hour)}, nil
}

func (g *granter) want(fresh bool, want string) {
	g.b.t.Helper()
	token, err := g.b.Token(context.Background(), fresh, g.grant)
	if err != nil || token.AccessToken.Reveal() != want {
		g.b.t.Errorf("got %q, %v; want %q", token.AccessToken.Reveal(), err, want)
	}
}

// cached counts the tokens that are kept.
func (b *bench) cached() (n int) {
	for slot := range b.keyring.Kept {
		if strings.HasPrefix(slot.Name, "token-") {
			n++
		}
	}
	return n
}

func TestToken_IsCachedUntilSomeMinutesBeforeItsEnd(t *testing.T) {
	b := newBench(t)
	g := &granter{b: b}
	_, err := b.Token(context.Background(), false, g.grant)
	b.wantCode(err, keyapi.CodeNoSecret)
	b.mustAct(generate)
	g.want(false, "token 1")
	b.now = b.now.Add(55*time.Minute - time.Second)
	g.want(false, "token 1")
	b.now = b.now.Add(time.Second)
	g.want(false, "token 2")
	g.want(true, "token 3")
	g.want(false, "token 3")
}

func TestToken_RevokingActions_DropTheCache(t *testing.T) {
	for name, end := range map[string]func(*bench) error{
		"disable": func(b *bench) error {
			_, err := b.act(custody.Intent{Action: keyapi.ActionDisable, Yes: true})
			return err
		},
		"regenerate": func(b *bench) error { _, err := b.act(regenerate); return err },
		"delete": func(b *bench) error {
			_, err := b.act(custody.Intent{Action: keyapi.ActionDelete, Yes: true})
			return err
		},
		"drop":   func(b *bench) error { return b.DropToken(context.Background()) },
		"forget": func(b *bench) error { _, err := b.Forget(context.Background(), true); return err },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := &granter{b: b}
			b.mustAct(generate)
			g.want(false, "token 1")
			if b.cached() != 1 {
				t.Fatal("the token is not cached")
			}
			if err := end(b); err != nil {
				t.Fatal(err)
			}
			if b.cached() != 0 {
				t.Error("the token is still cached")
			}
		})
	}
	t.Run("disable and activate", func(t *testing.T) {
		b := newBench(t)
		g := &granter{b: b}
		b.mustAct(generate)
		g.want(false, "token 1")
		b.mustAct(custody.Intent{Action: keyapi.ActionDisable, Yes: true})
		b.mustAct(custody.Intent{Action: keyapi.ActionActivate, Yes: true})
		g.want(false, "token 2")
	})
}

// A token that could not be removed is tried again, and does not take a newer one with it.
func TestToken_StaleOne_DoesNotTakeTheNewOne(t *testing.T) {
	b := newBench(t)
	g := &granter{b: b}
	b.mustAct(generate)
	g.want(false, "token 1")
	b.keyring.Fails["delete"] = fail(keyapi.CodeStoreLocked)
	b.mustAct(custody.Intent{Action: keyapi.ActionDisable, Yes: true})
	b.keyring.Fails["delete"] = nil
	g.b.mustAct(custody.Intent{Action: keyapi.ActionActivate, Yes: true})
	g.want(false, "token 2")
	b.mustAct(custody.Intent{Action: keyapi.ActionDisable, Yes: true})
	if b.cached() != 0 {
		t.Error("a token is still cached")
	}
}

func TestToken_CacheThatFails_IsNoReasonToFail(t *testing.T) {
	b := newBench(t)
	g := &granter{b: b}
	b.mustAct(generate)
	b.keyring.Fails["put"] = fail(keyapi.CodeStoreLocked)
	g.want(false, "token 1")
	b.keyring.Fails["put"] = nil
	g.want(false, "token 2")
	for slot := range b.keyring.Kept {
		if strings.HasPrefix(slot.Name, "token-") {
			b.keyring.Kept[slot] = "rubbish"
		}
	}
	g.want(false, "token 3")
	g.want(false, "token 3")
}

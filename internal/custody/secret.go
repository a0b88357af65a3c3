package custody

import (
	"context"
	"fmt"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Secret hands the kept secret and its Access Key to show. It does not ask the service, so that it works without a
// connection, unless an action that made a secret was cut short: then that secret is recovered first.
//
// Errors: CodeNoSecret if nothing is kept here; the codes of the store.
func (c *Custodian) Secret(ctx context.Context, show func(accessKey string, secret keyapi.Secret) error) error {
	done, err := c.recoverOrphan(ctx, Intent{ShowSecret: true}, forALook, func(out Outcome) error {
		return show(out.Key.AccessKey, out.Secret)
	})
	if done || err != nil {
		return err
	}
	accessKey, secret, err := c.Open(ctx)
	if err != nil {
		return err
	}
	return show(accessKey, secret)
}

// Open reads the kept secret and its Access Key. Errors: CodeNoSecret; the codes of the store.
func (c *Custodian) Open(ctx context.Context) (string, keyapi.Secret, error) {
	kept, err := c.Kept()
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	store := c.Store(kept.Store)
	if kept.AccessKey == "" || store == nil {
		return "", keyapi.Secret{}, c.noSecret()
	}
	secret, err := store.Get(ctx, c.slot(kept.AccessKey))
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	if c.Service.AnyForm {
		return kept.AccessKey, secret, nil
	}
	if _, err := keyapi.ParseAccessSecret(secret.Reveal()); err != nil {
		return "", keyapi.Secret{}, keyapi.Errorf(keyapi.CodeStoreFailed,
			"What "+store.Place()+" keeps for "+kept.AccessKey+" is damaged: it is no Access Secret",
			"Keep the secret again with: apikey import. Or make a new one: apikey regenerate")
	}
	return kept.AccessKey, secret, nil
}

func (c *Custodian) noSecret() error {
	const message = "No secret is kept on this machine"
	if c.Service.AnyForm {
		return keyapi.Errorf(keyapi.CodeNoSecret, message,
			"Keep one you have with: apikey import. For a lost one, regenerate the key on the service's page.")
	}
	return keyapi.Errorf(keyapi.CodeNoSecret, message,
		"Keep one you have with: apikey import. A lost one can't be had again: apikey regenerate makes a new one.")
}

// Import keeps a secret that was made elsewhere. Errors: CodeNoKey and CodeSuperseded if it is not of the live key,
// CodeUnauthenticated if the service does not accept it; the codes of the store.
func (c *Custodian) Import(ctx context.Context, accessKey string, secret keyapi.Secret) (Outcome, error) {
	key, err := c.Service.API.Key(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if err := c.acceptable(ctx, key, accessKey, secret); err != nil {
		return Outcome{}, err
	}
	to, err := c.readyToKeep(ctx)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Key: key}
	err = c.underLock(ctx, func(bool) error {
		out.Kept, out.Changed, err = c.replace(ctx, to, accessKey, secret)
		return err
	})
	return out, err
}

func (c *Custodian) readyToKeep(ctx context.Context) (target, error) {
	if c.Choice == keeping.ChooseNone {
		return target{}, keyapi.Errorf(keyapi.CodeUsage, "With the store \"none\" nothing can be kept",
			"Choose a store with APIKEY_STORE.")
	}
	return c.ready(ctx, Intent{})
}

// replace keeps a secret in place of what was kept before, and tells whether it lies elsewhere now or is of another key.
// No pending record tells of it, as of one that was made here, so the metadata does before it is in its slot: whatever
// happens, nothing is in a store of which nothing tells.
func (c *Custodian) replace(ctx context.Context, to target, accessKey string, secret keyapi.Secret) (Kept, bool, error) {
	before, err := c.Kept()
	if err != nil {
		return before, false, err
	}
	if slot := (Stale{Name: accessKey, Store: to.store.Kind()}); !before.holds(slot) {
		if err := c.writeKept(before.marking(slot)); err != nil {
			return before, false, err
		}
	}
	kept, err := c.keep(context.WithoutCancel(ctx), to, accessKey, secret)
	return kept, before.AccessKey != kept.AccessKey || before.Store != kept.Store, err
}

// acceptable checks that a secret is worth keeping: of the live key, and the right one. A key that is merely blocked
// now is fine.
func (c *Custodian) acceptable(ctx context.Context, key keyapi.Key, accessKey string, secret keyapi.Secret) error {
	switch {
	case key.Status == keyapi.StatusNone:
		return keyapi.Errorf(keyapi.CodeNoKey, "There is no API key whose secret could be kept", "Make one with: apikey generate")
	case key.AccessKey != accessKey:
		return keyapi.Errorf(keyapi.CodeSuperseded, fmt.Sprintf("%s is not the key of this account: that is %s", accessKey, key.AccessKey),
			"Import the secret of the live key, or make a new one with: apikey regenerate")
	}
	switch err := c.Service.API.Authenticate(ctx, accessKey, secret); keyapi.CodeOf(err) {
	case "", keyapi.CodeKeyDisabled, keyapi.CodeKeyExpired, keyapi.CodeMFANotEnabled, keyapi.CodeNotPermitted:
		return nil
	default:
		return err
	}
}

// Forget removes what is kept here of the account's secret, after a pop-up unless yes: it may be the only copy. The key
// itself stays as it is, and need not be known: a secret can be removed after signing out, too, or when the account or the
// service is gone.
func (c *Custodian) Forget(ctx context.Context, yes bool) (Outcome, error) {
	key, notAsked := c.Service.API.Key(ctx)
	kept, err := c.Kept()
	switch {
	case err != nil:
		return Outcome{}, err
	case notAsked != nil && (!kept.any() || ctx.Err() != nil):
		return Outcome{}, notAsked
	case notAsked != nil:
		key = keyapi.Key{Account: c.Service.Login}
	case !kept.any() && (c.Service.Forget == nil || key.Status == keyapi.StatusNone): // the latter is what is noted of a key
		return Outcome{Key: key, Kept: kept}, nil
	}
	if !yes {
		if err := c.Popup.Confirm(ctx, c.forgetQuestion(kept, key)); err != nil {
			return Outcome{}, err
		}
	}
	out := Outcome{Key: key, NotAsked: notAsked}
	err = c.underLock(ctx, func(bool) error {
		kept, err := c.Kept()
		if err != nil {
			return err
		}
		gone := kept.without()
		for _, s := range gone.Stale {
			if store := c.Store(s.Store); store != nil {
				if err := store.Delete(ctx, c.slot(s.Name)); err != nil {
					return err
				}
			}
		}
		out.Changed = true
		if err := c.writeKept(Kept{}); err != nil || c.Service.Forget == nil {
			return err
		}
		if err := c.Service.Forget(); err != nil {
			return err
		}
		out.Key, err = c.Service.API.Key(ctx)
		return err
	})
	return out, err
}

func (c *Custodian) forgetQuestion(kept Kept, key keyapi.Key) popup.Question {
	accessKey := kept.AccessKey
	if accessKey == "" {
		accessKey = key.AccessKey
	}
	where := string(kept.Store)
	if s := c.Store(kept.Store); s != nil {
		where = s.Place()
	}
	return popup.Question{
		Title: "Forget the secret kept here?", Confirm: "Forget", Cancel: keeping.Cancel,
		Body: []string{
			"It may be the only copy. The key itself stays as it is.",
			"", "Key      " + accessKey, "Account  " + c.Service.Login, "Service  " + c.Service.Place, "Kept in  " + where,
		},
	}
}

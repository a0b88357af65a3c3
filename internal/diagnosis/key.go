package diagnosis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/custody"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/profile"
	"github.com/apikey-cli/apikey/internal/secretstore"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// store writes a value of no worth into the store a new secret would go to, reads it back and removes it.
func store(ctx context.Context, x *examination) Finding {
	choice := keeping.Choice(x.settings.Store)
	kind := secretstore.Kind(choice)
	switch choice {
	case "":
		return skipped("not looked at: the store is not known")
	case keeping.ChooseNone:
		return skipped("none: new secrets are not kept here")
	case keeping.ChooseAuto:
		kind = secretstore.KindKeyring
	}
	to := x.Store(kind)
	if to == nil {
		return skipped("not looked at: the store is not known")
	}
	began := x.Now()
	err := to.Probe(ctx, secretstore.Slot{Instance: "doctor", Login: "doctor"})
	took := x.Now().Sub(began).Round(100 * time.Microsecond)
	switch {
	case err == nil:
		return well(fmt.Sprintf("%s: a probe was written, read back and removed in %v", to.Place(), took))
	case choice == keeping.ChooseAuto && keyapi.CodeOf(err) == keyapi.CodeStoreUnavailable:
		return warned(oneLine(err.Error())+"; a script that makes a key is refused, a person is asked",
			"Keep secrets in a private file: export APIKEY_STORE=file")
	default:
		return failure(err)
	}
}

// mends are what to do about a key that can't be used, by what blocks it.
var mends = map[keyapi.Block]string{
	keyapi.BlockDisabled:      "apikey activate",
	keyapi.BlockExpired:       "apikey regenerate",
	keyapi.BlockMFANotEnabled: "apikey mfa setup",
	keyapi.BlockNotPermitted:  "Ask your administrator for the API key permission.",
}

// key tells whether the key can be used, and for how long.
func key(ctx context.Context, x *examination) Finding {
	if why := x.unknown(ctx); why != "" && (x.unsettled != nil || x.settings.Kind() != profile.KindOAuth2) {
		return skipped(why)
	}
	if err := x.connect(ctx); err != nil {
		return skipped(x.absent(ctx))
	}
	k, err := x.keyOf(ctx)
	if err != nil {
		return failure(err)
	}
	onItsPage := x.settings.Kind() == profile.KindOAuth2
	if k.Status == keyapi.StatusNone {
		if onItsPage {
			return warned("none is known here", "apikey import")
		}
		return warned("there is none", "apikey generate")
	}
	if !k.Usable {
		return unusable(k, onItsPage)
	}
	left := k.ExpiresAt.Sub(x.Now())
	detail := fmt.Sprintf("%s is active until %s (%s)", k.AccessKey, x.day(k.ExpiresAt), days(left))
	if left > keySoon {
		return well(detail)
	}
	return warned(detail, regenerate(onItsPage))
}

// regenerate says how to get a new key in place of one.
func regenerate(onItsPage bool) string {
	if onItsPage {
		return "Regenerate it on the service's page, then keep the new one here: apikey import"
	}
	return "apikey regenerate"
}

// unusable is a key that can't be used. That it is disabled is somebody's will; anything else is not.
func unusable(k keyapi.Key, onItsPage bool) Finding {
	var reasons, hints []string
	for _, b := range k.BlockedBy {
		reasons = append(reasons, string(b))
		hint := mends[b]
		if b == keyapi.BlockExpired {
			hint = regenerate(onItsPage)
		}
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	f := failed(k.AccessKey+" can't be used: "+strings.Join(reasons, ", "), strings.Join(hints, ", then: "))
	if slices.Equal(k.BlockedBy, []keyapi.Block{keyapi.BlockDisabled}) {
		f.Status = Warn
	}
	return f
}

// blockedOnly are the refusals of a pair that is the right one: what keeps it from working is the key's own matter.
var blockedOnly = []keyapi.Code{
	"", keyapi.CodeKeyDisabled, keyapi.CodeKeyExpired, keyapi.CodeMFANotEnabled, keyapi.CodeNotPermitted,
}

// secret tells whether the kept secret can be read, is of the live key, and is the right one.
func secret(ctx context.Context, x *examination) Finding {
	if why := x.absent(ctx); x.unsettled != nil || x.connect(ctx) != nil || x.Login() == "" {
		if why == "" {
			why = "not looked at: whose key it is, is not known"
		}
		return skipped(why)
	}
	kept, err := x.Kept()
	if err != nil {
		return failure(err)
	}
	var live keyapi.Key
	unknown := x.unknown(ctx)
	if unknown == "" {
		if live, err = x.keyOf(ctx); err != nil {
			unknown = "not looked at: the key is not known"
		}
	}
	if kept.AccessKey == "" {
		return notKept(x, live)
	}
	where := kept.AccessKey + " is kept in the store " + string(kept.Store)
	if unknown == "" && live.AccessKey != kept.AccessKey {
		return otherKey(kept, live)
	}
	accessKey, pair, err := x.Open(ctx)
	if err != nil {
		return failure(err)
	}
	if unknown != "" {
		return skipped("the secret of " + where + " and can be read; whether it is accepted was " + unknown)
	}
	if err := x.Authenticate(ctx, accessKey, pair); !slices.Contains(blockedOnly, keyapi.CodeOf(err)) {
		return failure(err)
	}
	return well("the secret of " + where + ", and the service accepts it")
}

// notKept is that no secret is kept here.
func notKept(x *examination, live keyapi.Key) Finding {
	if live.AccessKey == "" || keeping.Choice(x.settings.Store) == keeping.ChooseNone {
		return skipped("none is kept here")
	}
	return warned("the secret of "+live.AccessKey+" is not kept on this machine",
		"Keep it, if you have it: apikey import. Else make a new one: apikey regenerate")
}

// otherKey is that the secret kept here is of a key that is not the account's.
func otherKey(kept custody.Kept, live keyapi.Key) Finding {
	if live.AccessKey == "" {
		return failed("what is kept is the secret of "+kept.AccessKey+", which is no key any more", "apikey forget")
	}
	return failed("what is kept is the secret of "+kept.AccessKey+", but the key is "+live.AccessKey,
		"Keep the right one, if you have it: apikey import. Else make a new one: apikey regenerate")
}

// pending looks for actions that made a secret and were cut short, at any service.
func pending(_ context.Context, x *examination) Finding {
	if x.settings.Data == "" {
		return skipped("not looked at: the folders are not known")
	}
	list, err := custody.PendingIn(x.settings.Data)
	if err != nil {
		return failure(err)
	}
	worst := well("no action was cut short")
	for _, p := range list {
		found := x.unfinished(p)
		if worst.Status == OK {
			worst = found
			continue
		}
		worst.Detail += "; " + found.Detail
	}
	return worst
}

// unfinished tells of one action that was cut short, or is underway.
func (x *examination) unfinished(p custody.Pending) Finding {
	what := fmt.Sprintf("%s of %s", p.Operation, p.Login)
	switch {
	case p.Operation == "":
		return warned("a record that can't be read: "+p.Path, "rm "+quoted(p.Path))
	case p.AtWork:
		return well(what + " is underway in another process")
	case !x.Now().Before(p.Until):
		return warned(what+" was cut short more than a day ago; its secret can't be recovered any more",
			"The next apikey secret or action of that account removes the record.")
	default:
		return warned(fmt.Sprintf("%s was cut short; its secret can be had until %s", what,
			p.Until.In(x.Now().Location()).Format("2 January 15:04")), "apikey secret")
	}
}

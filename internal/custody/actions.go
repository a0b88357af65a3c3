package custody

import (
	"context"
	"fmt"
	"time"

	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// action is one of the page's actions as data: its call, and its pop-up in the page's words.
type action struct {
	call    func(keyapi.API, context.Context, keyapi.Change) (keyapi.Result, error)
	makes   bool   // makes a new secret
	ends    bool   // the key it is done to is gone afterwards, and with it what is kept of it
	revokes bool   // the access tokens of the key are dead afterwards
	confirm string // the button that goes on; "" = the page has no pop-up for it
	title   string
	effect  string // what will happen
}

var actions = map[keyapi.Action]action{
	keyapi.ActionGenerate: {call: keyapi.API.Generate, makes: true},
	keyapi.ActionDisable: {
		call: keyapi.API.Disable, revokes: true, confirm: "Disable", title: "Disable the API key?",
		effect: "The key stops working at once. You can activate it again.",
	},
	keyapi.ActionActivate: {
		call: keyapi.API.Activate, confirm: "Activate", title: "Activate the API key?",
		effect: "The key works again.",
	},
	keyapi.ActionRegenerate: {
		call: keyapi.API.Regenerate, makes: true, confirm: "Get New Key", title: "Regenerate the API key?",
		effect: "A new Access Key and Access Secret are made. The old ones are gone for good.",
	},
	keyapi.ActionDelete: {
		call: keyapi.API.Delete, ends: true, confirm: "Delete", title: "Delete the API key?",
		effect: "The key stops working at once and is gone for good.",
	},
	keyapi.ActionDeletePrevious: {
		call: keyapi.API.DeletePrevious, confirm: "Delete", title: "Delete the previous API key?",
		effect: "The grace period ends: the previous secret stops working at once.",
	},
}

// question makes the pop-up of an action: what will happen, to which key, of which account, on which service.
func (c *Custodian) question(in Intent, key keyapi.Key) popup.Question {
	a := actions[in.Action]
	body := []string{a.effect}
	if in.Action == keyapi.ActionRegenerate {
		body = c.regenerateBody(in, key, a.effect)
	}
	subject := key.AccessKey
	if in.Action == keyapi.ActionDeletePrevious {
		subject = key.Previous.AccessKey
	} else if key.Previous != nil && (a.ends || in.Action == keyapi.ActionDisable) {
		body = append(body, fmt.Sprintf("The previous key %s stops working too.", key.Previous.AccessKey))
	}
	return popup.Question{
		Title: a.title, Confirm: a.confirm, Cancel: keeping.Cancel,
		Body: append(body, "", "Key      "+subject, "Account  "+c.Service.Login, "Service  "+c.Service.Place),
	}
}

func (c *Custodian) regenerateBody(in Intent, key keyapi.Key, effect string) []string {
	var body []string
	switch {
	case in.Grace > 0 && key.Status == keyapi.StatusActive:
		ends := c.Now().Add(in.Grace)
		if key.ExpiresAt.Before(ends) {
			ends = key.ExpiresAt
		}
		body = []string{
			"A new Access Key and Access Secret are made.",
			"The old secret works on until " + ends.In(c.Now().Location()).Format("2 January 2006 15:04") + ".",
		}
	case in.Grace > 0:
		body = []string{effect, "There is no grace period: the key is not active."}
	default:
		body = []string{effect}
	}
	if key.Previous != nil {
		body = append(body, fmt.Sprintf("The key replaced before, %s, stops working now.", key.Previous.AccessKey))
	}
	return body
}

// Intent is what the user asked for.
type Intent struct {
	Action     keyapi.Action
	Yes        bool          // skip the pop-up
	Grace      time.Duration // Regenerate: how long the old secret works on
	ShowSecret bool          // hand the new secret to the caller too
	SecretFile string        // write the new secret to this file too

	// IfMissing makes a Generate with a key already there rest instead of fail.
	IfMissing bool
	// IfExpiringWithin makes a Regenerate rest unless the key is expired or expires within this time.
	IfExpiringWithin *time.Duration
}

// conditional tells whether the state decides if there is anything to do.
func (in Intent) conditional() bool { return in.IfMissing || in.IfExpiringWithin != nil }

// Outcome is what an action came to.
type Outcome struct {
	Key       keyapi.Key // without a Status where the service could not be asked, which only Forget goes on without
	Changed   bool
	Recovered bool          // it is the result of an earlier run that was cut short
	Kept      Kept          // what this machine keeps now
	Secret    keyapi.Secret // the new secret, only if the intent said ShowSecret
	NotAsked  error         // why the service could not be asked
}

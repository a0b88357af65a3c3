package cli

import (
	"context"

	"github.com/apikey-cli/apikey/internal/foreign"
	"github.com/apikey-cli/apikey/internal/popup"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// keyDates are what only its owner knows of a key whose service has no key API.
type keyDates struct{ created, expires string }

func (d keyDates) given() bool { return d.created != "" || d.expires != "" }

// adopt is import for a service without a key API.
func adopt(ctx context.Context, k keyed, dates keyDates) error {
	if !dates.given() && !k.popup.MayAsk() {
		return keyapi.Errorf(keyapi.CodeUsage, "It is not said when the key was made, and its service does not tell",
			"Add --created DATE, as the page says it: the key expires one year later. Or add --expires DATE.")
	}
	if dates.given() { // what is wrong with them is told before anything is asked
		if _, _, err := foreign.Dates(dates.created, dates.expires, k.env.Now()); err != nil {
			return err
		}
	}
	accessKey, secret, err := k.readForeign(ctx, &dates)
	if err != nil {
		return err
	}
	created, expires, err := foreign.Dates(dates.created, dates.expires, k.env.Now())
	if err != nil {
		return err
	}
	out, err := k.keys.Adopt(ctx, accessKey, secret, func() error { return k.conn.Foreign.Note(accessKey, created, expires) })
	if err != nil {
		return err
	}
	k.notice("The service accepts the key. The secret is kept.")
	return k.section(out.Key, out.Kept, &out.Changed, keyapi.Secret{})
}

// readForeign reads a credential of any form, and from a person the date too if it was not given.
func (s *session) readForeign(ctx context.Context, dates *keyDates) (accessKey string, secret keyapi.Secret, err error) {
	accessKey, secret, given, err := s.fromEnvironment()
	if err != nil || given && dates.given() {
		return accessKey, secret, err
	}
	if !s.popup.MayAsk() {
		text, err := s.readInput()
		if err != nil {
			return "", keyapi.Secret{}, err
		}
		return foreign.Parse(text)
	}
	var fields []popup.Field
	if !given {
		fields = append(fields, halfField(foreign.NameAccessKey, false), halfField(foreign.NameAccessSecret, true))
	}
	if !dates.given() {
		fields = append(fields, popup.Field{
			Title: "Created", Hint: "The day the page says, as 2026-11-23.",
			Validate: func(text string) error { _, err := foreign.Created(text, s.env.Now()); return err },
		})
	}
	values, err := s.popup.Ask(ctx, "Keep the key that was made on the service's page", fields...)
	if err != nil {
		return "", keyapi.Secret{}, err
	}
	if !dates.given() {
		dates.created = values[len(values)-1]
	}
	if given {
		return accessKey, secret, nil
	}
	return foreign.Pair(values[0], values[1])
}

func halfField(name string, secret bool) popup.Field {
	return popup.Field{Title: name, Secret: secret, Validate: func(text string) error {
		_, err := foreign.Half(name, text)
		return err
	}}
}

package foreign

import (
	"strings"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// ParseDate reads a date, 2006-01-02, as its first instant in a time zone, or an instant of RFC 3339. Error:
// CodeInvalidRequest.
func ParseDate(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	if at, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, keyapi.Errorf(keyapi.CodeInvalidRequest, "The date is not one such as 2026-11-23",
			"An instant such as 2026-11-23T06:44:00Z is one too.")
	}
	return at, nil
}

// Created reads the date on which a key was made. Error: CodeInvalidRequest, also for one that is still to come.
func Created(text string, now time.Time) (time.Time, error) {
	at, err := ParseDate(text, now.Location())
	if err == nil && at.After(now) {
		err = keyapi.Errorf(keyapi.CodeInvalidRequest, "The key can't have been made in the future",
			"Give the day the page says it was created.")
	}
	return at, err
}

// Dates reads when a key was made and when it expires, one of which may be "": then the first is not known, or the
// second is a year after the first. Error: CodeInvalidRequest.
func Dates(created, expires string, now time.Time) (from, until time.Time, err error) {
	if created != "" {
		if from, err = Created(created, now); err != nil {
			return from, until, err
		}
	}
	if expires == "" {
		return from, Lifetime(from), nil
	}
	until, err = ParseDate(expires, now.Location())
	if err == nil && !until.After(from) {
		err = keyapi.Errorf(keyapi.CodeInvalidRequest, "The key can't have expired before it was made",
			"Look at both dates on the page.")
	}
	return from, until, err
}

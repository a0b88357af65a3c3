package keyapi

import (
	"encoding/json"
	"time"
)

// Event is one entry of the audit trail.
type Event struct {
	At        time.Time // when it happened (UTC)
	Action    Action    // what was done
	Actor     string    // login, or name of the pipeline session, that did it
	From      string    // network address it came from; "" for the embedded service
	UserAgent string    // program that did it; "" if it did not say
	AccessKey string    // the key it was done to
	Revision  int64     // the account's revision after it
}

// eventJSON is the form of an Event on the wire: every field is always there, an absent value is null.
type eventJSON struct {
	At        time.Time `json:"at"`
	Action    Action    `json:"action"`
	Actor     string    `json:"actor"`
	From      *string   `json:"from"`
	UserAgent *string   `json:"userAgent"`
	AccessKey *string   `json:"accessKey"`
	Revision  int64     `json:"revision"`
}

// MarshalJSON gives the history item of the API.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(eventJSON{
		At: e.At.UTC(), Action: e.Action, Actor: e.Actor, From: textOrNull(e.From), UserAgent: textOrNull(e.UserAgent),
		AccessKey: textOrNull(e.AccessKey), Revision: e.Revision,
	})
}

// UnmarshalJSON reads a history item of the API.
func (e *Event) UnmarshalJSON(data []byte) error {
	var w eventJSON
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*e = Event{
		At: w.At.UTC(), Action: w.Action, Actor: w.Actor, From: textOrEmpty(w.From), UserAgent: textOrEmpty(w.UserAgent),
		AccessKey: textOrEmpty(w.AccessKey), Revision: w.Revision,
	}
	return nil
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func textOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// EventPage is a part of the audit trail, newest first.
type EventPage struct {
	Items      []Event
	NextCursor string // "" after the last page
}

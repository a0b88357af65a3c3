package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// eventJSON is an entry of the audit trail.
type eventJSON struct {
	At        time.Time     `json:"at" example:"2026-11-23T06:44:00Z"`
	Action    keyapi.Action `json:"action" example:"generate"`
	Actor     string        `json:"actor" example:"ada"`
	From      *string       `json:"from" example:"192.0.2.7"`
	UserAgent *string       `json:"userAgent" example:"apikey/1.0"`
	AccessKey *string       `json:"accessKey" example:"AK0F7ZQ2M4X9CD1WTBKE"`
	Revision  int64         `json:"revision" minimum:"0" example:"1"`
}

type eventsJSON struct {
	Schema     int         `json:"schema" enum:"1"`
	Items      []eventJSON `json:"items" nullable:"false"`
	NextCursor *string     `json:"nextCursor"`
}

func (s *server) eventRoutes() {
	type input struct {
		Cursor string `query:"cursor" doc:"The nextCursor of an earlier page."`
	}
	type output struct{ Body eventsJSON }
	register(s, operation{
		method: http.MethodGet, path: "/v1/key/events", id: "listKeyEvents", tag: tagKey, who: anyOf("history"),
		success: http.StatusOK, summary: "The audit trail of the key", gives: "A page of it.",
		description: "Every change is in it: its event is written in the transaction of the change.",
	}, func(ctx context.Context, in *input) (*output, error) {
		page, err := s.Keys.Events(ctx, requestOf(ctx).principal.Login, in.Cursor)
		if err != nil {
			return nil, err
		}
		body := eventsJSON{
			Schema: keyapi.Schema, Items: make([]eventJSON, len(page.Items)), NextCursor: orNull(page.NextCursor),
		}
		for i, e := range page.Items {
			body.Items[i] = eventJSON{
				e.At.UTC(), e.Action, e.Actor, orNull(e.From), orNull(e.UserAgent), orNull(e.AccessKey), e.Revision,
			}
		}
		return &output{body}, nil
	})
}

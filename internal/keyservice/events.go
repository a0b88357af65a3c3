package keyservice

import (
	"context"
	"strconv"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// pageSize is how many events a page of the audit trail has.
const pageSize = 50

// Events gives a page of an account's audit trail, newest first. The cursor is the number of the last event of the page
// before: events that are added meanwhile shift nothing. Error: CodeInvalidRequest for a cursor that is none.
func (s *Service) Events(ctx context.Context, login, cursor string) (keyapi.EventPage, error) {
	before := int64(0)
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 1 {
			return keyapi.EventPage{}, keyapi.Errorf(keyapi.CodeInvalidRequest, "The cursor is not one this service gave",
				"Leave it out to start with the newest entry.")
		}
	}
	page := keyapi.EventPage{Items: []keyapi.Event{}}
	err := s.db.Read(ctx, func(r store.Reader) error {
		events, err := r.Events(login, before, pageSize+1) // one more tells whether there is a next page
		if err != nil {
			return err
		}
		page.Items, page.NextCursor = page.Items[:0], ""
		for i, e := range events {
			if i == pageSize {
				page.NextCursor = strconv.FormatInt(events[i-1].ID, 10)
				break
			}
			page.Items = append(page.Items, e.Event)
		}
		return nil
	})
	return page, err
}

package keyapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Key implements API: GET /v1/key.
func (c *Client) Key(ctx context.Context) (Key, error) {
	var key Key
	err := c.do(ctx, c.read(http.MethodGet, "/v1/key"), func(body []byte) bool {
		return json.Unmarshal(body, &key) == nil && key.Status != ""
	})
	if err != nil {
		return Key{}, err
	}
	return key, nil
}

// Generate implements API: POST /v1/key.
func (c *Client) Generate(ctx context.Context, ch Change) (Result, error) {
	return c.act(ctx, c.change(http.MethodPost, "/v1/key"), ch, true)
}

// Disable implements API: POST /v1/key/disable.
func (c *Client) Disable(ctx context.Context, ch Change) (Result, error) {
	return c.act(ctx, c.change(http.MethodPost, "/v1/key/disable"), ch, false)
}

// Activate implements API: POST /v1/key/activate.
func (c *Client) Activate(ctx context.Context, ch Change) (Result, error) {
	return c.act(ctx, c.change(http.MethodPost, "/v1/key/activate"), ch, false)
}

// Delete implements API: DELETE /v1/key.
func (c *Client) Delete(ctx context.Context, ch Change) (Result, error) {
	return c.act(ctx, c.change(http.MethodDelete, "/v1/key"), ch, false)
}

// DeletePrevious implements API: DELETE /v1/key/previous.
func (c *Client) DeletePrevious(ctx context.Context, ch Change) (Result, error) {
	return c.act(ctx, c.change(http.MethodDelete, "/v1/key/previous"), ch, false)
}

// Regenerate implements API: POST /v1/key/regenerate.
func (c *Client) Regenerate(ctx context.Context, ch Change) (Result, error) {
	if ch.Grace < 0 || ch.Grace > MaxGrace || ch.Grace%time.Second != 0 {
		return Result{}, Errorf(CodeInvalidRequest, "The grace period must be whole seconds from 0 to 7 days", "")
	}
	k := c.change(http.MethodPost, "/v1/key/regenerate")
	if ch.Grace > 0 {
		k = k.sending(struct {
			GraceSeconds int64 `json:"graceSeconds"`
		}{int64(ch.Grace / time.Second)})
	}
	ch.Grace = 0
	return c.act(ctx, k, ch, true)
}

// Recover implements API: POST /v1/key/recover. It is repeated like a read: it executes nothing.
func (c *Client) Recover(ctx context.Context, key IdempotencyKey) (Result, error) {
	k := c.read(http.MethodPost, "/v1/key/recover")
	k.idempotency = key
	return c.result(ctx, k, true)
}

// act makes the call of an action, which may be repeated if it carries an Idempotency-Key.
func (c *Client) act(ctx context.Context, k call, ch Change, makes bool) (Result, error) {
	if ch.Grace != 0 {
		return Result{}, Errorf(CodeInvalidRequest, "Only regenerate takes a grace period", "")
	}
	k.idempotency, k.ifMatch, k.repeatable = ch.IdempotencyKey, ch.IfMatch, !ch.IdempotencyKey.IsZero()
	if ch.UserAgent != "" {
		k.userAgent = ch.UserAgent
	}
	return c.result(ctx, k, makes)
}

// result makes a call that answers with the key after an action. A call that makes a secret must have it in its answer,
// whole: one that was damaged on its way would be kept in place of the one that works.
func (c *Client) result(ctx context.Context, k call, makes bool) (Result, error) {
	var r Result
	err := c.do(ctx, k, func(body []byte) bool {
		var w struct {
			Changed      bool   `json:"changed"`
			AccessSecret string `json:"accessSecret"`
		}
		if json.Unmarshal(body, &r.Key) != nil || json.Unmarshal(body, &w) != nil {
			return false
		}
		r.Changed, r.AccessSecret = w.Changed, NewSecret(w.AccessSecret)
		return r.Key.Status != "" && (!makes || isPair(r.Key.AccessKey, w.AccessSecret))
	})
	if err != nil {
		return Result{}, err
	}
	return r, nil
}

// isPair tells whether an Access Key and an Access Secret have their form, and the secret its checksum.
func isPair(accessKey, secret string) bool {
	_, err := ParseAccessKey(accessKey)
	if err == nil {
		_, err = ParseAccessSecret(secret)
	}
	return err == nil
}

// Events implements API: GET /v1/key/events.
func (c *Client) Events(ctx context.Context, cursor string) (EventPage, error) {
	k := c.read(http.MethodGet, "/v1/key/events")
	if cursor != "" {
		k.query = url.Values{"cursor": {cursor}}
	}
	var w listJSON[Event]
	if err := c.do(ctx, k, w.decode); err != nil {
		return EventPage{}, err
	}
	return EventPage{Items: w.Items, NextCursor: textOrEmpty(w.NextCursor)}, nil
}

// listJSON is the form of a list on the wire.
type listJSON[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"nextCursor"`
}

func (l *listJSON[T]) decode(body []byte) bool {
	return json.Unmarshal(body, l) == nil && l.Items != nil
}

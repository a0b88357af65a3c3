package httpapi_test

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func open(t testing.TB) *service {
	t.Helper()
	s := serve(t, false, nil)
	s.signIn()
	return s
}

// TestProblem_AlwaysHasItsActions: a program need not ask whether the field is there.
func TestProblem_AlwaysHasItsActions(t *testing.T) {
	s := serve(t, true, nil)
	for _, open := range []bool{false, true} {
		if open {
			s.signIn()
		}
		got := s.send(http.MethodDelete, "/v1/key", "")
		if actions, there := got.object["actions"].([]any); !there || len(actions) != 0 {
			t.Errorf("signed in %v: %s", open, got.text)
		}
	}
}

func TestGetKey_WithoutAKey_IsNone(t *testing.T) {
	s := open(t)
	got := s.get(http.StatusOK, "", "/v1/key", "")
	if got.string("status") != "none" || got.header.Get("ETag") != `"0"` ||
		got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v %s", got.header, got.text)
	}
	for _, field := range []string{
		"schema", "account", "usable", "blockedBy", "accessKey", "createdAt", "expiresAt", "lastUsedAt", "previous",
		"revision", "mfaEnabled", "actions",
	} {
		if _, there := got.object[field]; !there {
			t.Errorf("%s is missing", field)
		}
	}
	if _, there := got.object["changed"]; there {
		t.Error("a read says that it changed something")
	}
}

func TestGenerate_GivesTheSecretOnceMoreUnderTheSameIdempotencyKey(t *testing.T) {
	s := open(t)
	key := s.withIdempotencyKey()
	got := s.post(http.StatusCreated, "", "/v1/key", "", key...)
	if got.header.Get("ETag") != `"1"` || got.object["changed"] != true || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", got.header, got.text)
	}
	again := s.post(http.StatusCreated, "", "/v1/key", "", key...)
	if again.text != got.text {
		t.Errorf("the repetition differs: %s, then %s", got.text, again.text)
	}
	if shown := s.get(http.StatusOK, "", "/v1/key", ""); strings.Contains(shown.text, got.string("accessSecret")) {
		t.Error("the secret is shown again")
	}
	s.post(http.StatusConflict, keyapi.CodeKeyExists, "/v1/key", "", s.withIdempotencyKey()...)
	s.post(http.StatusUnprocessableEntity, keyapi.CodeIdempotencyMismatch, "/v1/key/regenerate", "", key...)
	s.remove(http.StatusOK, "", "/v1/key", "")
	s.post(http.StatusGone, keyapi.CodeSuperseded, "/v1/key", "", key...)
}

func TestSlider_DisableAndActivate(t *testing.T) {
	s := open(t)
	s.generate()
	for i, step := range []struct {
		path, status, etag string
		changed            bool
	}{
		{"/v1/key/disable", "disabled", `"2"`, true},
		{"/v1/key/disable", "disabled", `"2"`, false},
		{"/v1/key/activate", "active", `"3"`, true},
		{"/v1/key/activate", "active", `"3"`, false},
	} {
		got := s.post(http.StatusOK, "", step.path, "")
		if got.string("status") != step.status || got.object["changed"] != step.changed ||
			got.header.Get("ETag") != step.etag {
			t.Errorf("step %d: %v %s", i, got.header, got.text)
		}
		if _, there := got.object["accessSecret"]; there {
			t.Errorf("step %d gives a secret", i)
		}
	}
}

func TestRegenerate_WithGrace_ShowsThePrevious_AndDeletePreviousEndsIt(t *testing.T) {
	s := open(t)
	old := s.generate()
	got := s.post(http.StatusOK, "", "/v1/key/regenerate", `{"graceSeconds":3600}`, s.withIdempotencyKey()...)
	previous, _ := got.object["previous"].(map[string]any)
	if previous["accessKey"] != old.string("accessKey") || previous["endsAt"] != "2026-11-23T07:44:00Z" {
		t.Errorf("previous %v", previous)
	}
	ended := s.remove(http.StatusOK, "", "/v1/key/previous", "")
	if ended.object["previous"] != nil || ended.object["changed"] != true {
		t.Error(ended.text)
	}
	at := s.post(http.StatusOK, "", "/v1/key/regenerate", "", s.withIdempotencyKey()...)
	if at.object["previous"] != nil || at.string("accessSecret") == "" {
		t.Error(at.text)
	}
	empty := s.post(http.StatusOK, "", "/v1/key/regenerate", "{}", s.withIdempotencyKey()...)
	if empty.object["previous"] != nil {
		t.Error(empty.text)
	}
}

func TestActions_WithoutAKey_AreRefused(t *testing.T) {
	s := open(t)
	for _, route := range [][2]string{
		{http.MethodPost, "/v1/key/disable"}, {http.MethodPost, "/v1/key/activate"}, {http.MethodPost, "/v1/key/regenerate"},
		{http.MethodDelete, "/v1/key"}, {http.MethodDelete, "/v1/key/previous"},
	} {
		got := s.want(http.StatusNotFound, keyapi.CodeNoKey, route[0], route[1], "", s.withIdempotencyKey()...)
		actions, _ := got.object["actions"].([]any)
		if len(actions) != 1 || actions[0] != "generate" {
			t.Errorf("%v: open instead %v", route, actions)
		}
	}
}

func TestActions_OnAnExpiredKey_AreRefused(t *testing.T) {
	s := open(t)
	s.generate()
	s.clock.advance(366 * 24 * time.Hour)
	s.signIn()
	s.post(http.StatusConflict, keyapi.CodeKeyExpired, "/v1/key/disable", "")
	s.post(http.StatusConflict, keyapi.CodeKeyExpired, "/v1/key/activate", "")
}

func TestActions_WithoutThePermission_AreRefused_ButTakingAwayIsNot(t *testing.T) {
	s := open(t)
	s.generate()
	if err := s.accounts.Revoke(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/key", "/v1/key/regenerate"} {
		got := s.post(http.StatusForbidden, keyapi.CodeNotPermitted, path, "", s.withIdempotencyKey()...)
		if !strings.Contains(got.string("hint"), contact) {
			t.Errorf("it does not say whom to ask: %s", got.text)
		}
	}
	s.post(http.StatusOK, "", "/v1/key/disable", "")
	s.remove(http.StatusOK, "", "/v1/key", "")
}

func TestActions_WithoutMFAWhereItIsRequired_AreRefused(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/key", "", s.withIdempotencyKey()...)
	s.post(http.StatusForbidden, keyapi.CodeMFANotEnabled, "/v1/key/regenerate", "", s.withIdempotencyKey()...)
}

func TestActions_LongAfterTheCode_NeedAFreshOne_UntilVerified(t *testing.T) {
	s := serve(t, true, nil)
	s.signIn()
	s.enrol()
	s.generate()
	s.clock.advance(20 * time.Minute)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/key/regenerate", "", s.withIdempotencyKey()...)
	s.post(http.StatusOK, "", "/v1/key/disable", "")
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/key/activate", "")
	s.post(http.StatusOK, "", "/v1/sessions/current/verify", `{"otp":"`+s.code()+`"}`)
	s.post(http.StatusOK, "", "/v1/key/activate", "")
	s.post(http.StatusOK, "", "/v1/key/regenerate", "", s.withIdempotencyKey()...)
	s.remove(http.StatusOK, "", "/v1/key", "")
	s.clock.advance(20 * time.Minute)
	s.post(http.StatusUnauthorized, keyapi.CodeOTPRequired, "/v1/key", "", s.withIdempotencyKey()...)
}

func TestIfMatch(t *testing.T) {
	s := open(t)
	s.generate()
	for _, path := range []string{"/v1/key/disable", "/v1/key/activate"} {
		s.post(http.StatusPreconditionFailed, keyapi.CodeVersionConflict, path, "", "If-Match", `"7"`)
	}
	with := append(s.withIdempotencyKey(), "If-Match", `"7"`)
	s.post(http.StatusPreconditionFailed, keyapi.CodeVersionConflict, "/v1/key/regenerate", "", with...)
	s.post(http.StatusPreconditionFailed, keyapi.CodeVersionConflict, "/v1/key", "", with...)
	for _, path := range []string{"/v1/key", "/v1/key/previous"} {
		s.remove(http.StatusPreconditionFailed, keyapi.CodeVersionConflict, path, "", "If-Match", `"7"`)
	}
	s.post(http.StatusOK, "", "/v1/key/disable", "", "If-Match", `"1"`)
	s.post(http.StatusOK, "", "/v1/key/activate", "", "If-Match", "*")
	for _, wrong := range []string{
		`W/"3"`, `3`, `"3`, `"x"`, `""`, `"03"`, `"-1"`, `"3", "4"`, `*, "3"`, `"99999999999999999999"`, `"3" ` + "x",
	} {
		s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/key/disable", "", "If-Match", wrong)
	}
	s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/key/disable", "",
		"If-Match", `"3"`, "If-Match", `"3"`)
	if got := s.get(http.StatusOK, "", "/v1/key", ""); got.header.Get("ETag") != `"3"` {
		t.Errorf("something was done: %s", got.text)
	}
}

func TestIdempotencyKey_MissingOrNotWellFormed_IsRefused(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/v1/key", "/v1/key/regenerate", "/v1/key/recover"} {
		s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, path, "")
		for _, wrong := range []string{"1", "ik_short", "ik_" + strings.Repeat("a", 21) + "-", strings.Repeat("a", 25)} {
			got := s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, path, "", "Idempotency-Key", wrong)
			if len(wrong) > 1 && strings.Contains(got.text, wrong) {
				t.Errorf("%s: the refusal repeats %q", path, wrong)
			}
		}
		two := append(s.withIdempotencyKey(), s.withIdempotencyKey()...)
		s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, path, "", two...)
	}
	s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/key/disable", "", "Idempotency-Key", "x")
}

func TestRecover(t *testing.T) {
	s := open(t)
	key := s.withIdempotencyKey()
	made := s.post(http.StatusCreated, "", "/v1/key", "", key...)
	got := s.post(http.StatusOK, "", "/v1/key/recover", "", key...)
	if got.text != made.text || got.header.Get("ETag") != `"1"` {
		t.Errorf("%v %s", got.header, got.text)
	}
	other := s.withIdempotencyKey()
	s.post(http.StatusNotFound, keyapi.CodeNotExecuted, "/v1/key/recover", "", other...)
	s.post(http.StatusGone, keyapi.CodeSuperseded, "/v1/key/regenerate", "", other...)
	s.remove(http.StatusOK, "", "/v1/key", "")
	s.post(http.StatusGone, keyapi.CodeSuperseded, "/v1/key/recover", "", key...)
}

func TestRegenerate_GraceOutOfRangeOrNoNumber_IsAFieldError(t *testing.T) {
	s := open(t)
	s.generate()
	for _, body := range []string{
		`{"graceSeconds":-1}`, `{"graceSeconds":604801}`, `{"graceSeconds":1.5}`, `{"graceSeconds":"1h"}`,
		`{"graceSeconds":1e300}`, `[]`, `"x"`, `null`,
	} {
		s.post(http.StatusUnprocessableEntity, keyapi.CodeInvalidRequest, "/v1/key/regenerate", body,
			s.withIdempotencyKey()...)
	}
	for _, body := range []string{`{`, `{"graceSeconds":}`, `x`, `{} {}`} {
		s.post(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/key/regenerate", body,
			s.withIdempotencyKey()...)
	}
	s.post(http.StatusOK, "", "/v1/key/regenerate", `{"graceSeconds":604800,"new":{"field":1}}`,
		s.withIdempotencyKey()...)
}

func TestEvents(t *testing.T) {
	s := open(t)
	s.post(http.StatusCreated, "", "/v1/key", "",
		append(s.withIdempotencyKey(), "User-Agent", "tool/1\xff"+strings.Repeat("x", 400))...)
	got := s.get(http.StatusOK, "", "/v1/key/events", "")
	items, _ := got.object["items"].([]any)
	newest, _ := items[0].(map[string]any)
	agent, _ := newest["userAgent"].(string)
	if newest["action"] != "generate" || newest["actor"] != login || newest["from"] != "127.0.0.1" ||
		newest["revision"] != 1.0 || len(agent) != 256 || !strings.HasPrefix(agent, "tool/1?xxx") {
		t.Errorf("%v", newest)
	}
	if next, there := got.object["nextCursor"]; !there || next != nil {
		t.Error(got.text)
	}
	s.get(http.StatusBadRequest, keyapi.CodeInvalidRequest, "/v1/key/events?cursor=x", "")
}

// TestRecover_OfAPipelineThatRunsWild_LeavesRoomForThePerson: the API tells the two apart.
func TestRecover_OfAPipelineThatRunsWild_LeavesRoomForThePerson(t *testing.T) {
	s := open(t)
	err := s.db.Write(t.Context(), func(w store.Writer) error {
		for n := range 9000 {
			hash := binary.BigEndian.AppendUint64(nil, uint64(n))
			if err := w.PutReply(store.Reply{Hash: hash, Login: login, At: s.clock.now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	person := s.session
	s.session = s.post(http.StatusCreated, "", "/v1/sessions/pipeline",
		`{"name":"ci","allow":["generate"],"ttlSeconds":86400}`).string("token")
	s.post(http.StatusTooManyRequests, keyapi.CodeRateLimited, "/v1/key/recover", "", s.withIdempotencyKey()...)
	s.post(http.StatusTooManyRequests, keyapi.CodeRateLimited, "/v1/key", "", s.withIdempotencyKey()...)
	s.session = person
	s.post(http.StatusNotFound, keyapi.CodeNotExecuted, "/v1/key/recover", "", s.withIdempotencyKey()...)
	s.post(http.StatusCreated, "", "/v1/key", "", s.withIdempotencyKey()...)
}

package httpapi

import (
	"context"
	"net/http"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type healthJSON struct {
	Status string `json:"status" enum:"ok"`
}

func (s *server) healthRoutes() {
	type output struct{ Body healthJSON }
	well := &output{healthJSON{"ok"}}
	register(s, operation{
		method: http.MethodGet, path: "/healthz", id: "health", tag: tagHealth, success: http.StatusOK,
		summary: "Whether the process is alive", gives: "It is.",
	}, func(context.Context, *none) (*output, error) { return well, nil })
	register(s, operation{
		method: http.MethodGet, path: "/readyz", id: "ready", tag: tagHealth, success: http.StatusOK,
		summary: "Whether requests can be served", gives: "They can: the database answers.",
	}, func(ctx context.Context, _ *none) (*output, error) {
		if s.Ready == nil {
			return well, nil
		}
		if err := s.Ready(ctx); err != nil {
			return nil, &keyapi.Error{Code: keyapi.CodeUnavailable, Message: "The service is not ready", Err: err}
		}
		return well, nil
	})
}

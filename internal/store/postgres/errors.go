package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func badAddress() error {
	// The parser's own text is not passed on: it may repeat the address, and with it a password.
	return keyapi.Errorf(keyapi.CodeUsage, "The address of the database is not well-formed", "Give it as postgres://user@host:port/name")
}

func placeOf(c *pgx.ConnConfig) string {
	return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database
}

// The codes of PostgreSQL that are decided on (its manual, appendix A).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	duplicateTable       = "42P07"
	duplicateObject      = "42710"
	undefinedTable       = "42P01"
	unknownStatement     = "26000" // a prepared one
	duplicateStatement   = "42P05"
	planChanged          = "0A000" // of a prepared statement; by the manual any feature that is not supported
)

// classes of PostgreSQL's codes that mean that the database cannot be used now, with what can be done.
var classes = map[string]string{
	"08": "See that the database is up and can be reached.",
	"28": "See to the user and the password of the database's address.",
	"3D": "Make the database, or name another one.",
	"53": "The database has no room, memory or connections left.",
	"57": "The database is being shut down or started.",
	"25": "The database takes no writes: it may be a read-only copy.",
}

func codeOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// repeatable tells whether a transaction failed for no fault of its own and may succeed when it is run again.
func repeatable(err error) bool {
	code := codeOf(err)
	return code == serializationFailure || code == deadlockDetected
}

// told makes an error of the database one for people: CodeUnavailable for a database that is not to be had, with a hint,
// CodeInternal for the rest. Errors that have a code, that are the port's own or that come from the context stay as they
// are.
func (s *Store) told(err error) error {
	var known *keyapi.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, store.ErrNotFound),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	e := &keyapi.Error{Code: keyapi.CodeInternal, Message: fmt.Sprintf("The database %s cannot be used", s.place), Err: err}
	code := codeOf(err)
	if code == "" { // the connection's, not the database's
		code = "08"
	}
	if repeatable(err) {
		e.Code, e.Hint = keyapi.CodeUnavailable, "Too much is changed at once. Try again."
	} else if hint := classes[code[:2]]; hint != "" {
		e.Code, e.Hint = keyapi.CodeUnavailable, hint
	}
	return e
}

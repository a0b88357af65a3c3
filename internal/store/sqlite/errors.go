package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// hints says what can be done about a primary result code of SQLite. The other codes are mistakes of this program.
var hints = map[int]string{
	lib.SQLITE_BUSY:     "Another program holds the database for too long. Try again.",
	lib.SQLITE_PROTOCOL: "Another program holds the database for too long. Try again.",
	lib.SQLITE_FULL:     "The disk is full. Make room and run the same command again.",
	lib.SQLITE_IOERR:    "The disk failed to read or write. Make room or see to the disk, then run the same command again.",
	lib.SQLITE_READONLY: "The file or its folder can't be written. Mend its permissions.",
	lib.SQLITE_CANTOPEN: "The file or its folder can't be opened. Mend its permissions.",
	lib.SQLITE_PERM:     "The file or its folder can't be opened. Mend its permissions.",
	lib.SQLITE_NOTADB:   "The file is no database, or is damaged. Put back a copy, or move it away to begin anew.",
	lib.SQLITE_CORRUPT:  "The file is damaged. Put back a copy, or move it away to begin anew.",
}

// told makes an error of the database one for people: CodeUnavailable for what they can mend, with a hint, and
// CodeInternal for the rest. Errors that have a code, that are the port's own or that come from the context stay as
// they are.
func told(path string, err error) error {
	var known *keyapi.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, store.ErrNotFound),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	e := &keyapi.Error{Code: keyapi.CodeInternal, Message: fmt.Sprintf("The database %s cannot be used", path), Err: err}
	var sqliteErr *sqlite.Error
	var pathErr *fs.PathError
	switch {
	case errors.As(err, &sqliteErr):
		e.Hint = hints[sqliteErr.Code()&0xff]
	case errors.As(err, &pathErr):
		e.Hint = "See that the folder is there and yours."
	}
	if e.Hint != "" {
		e.Code = keyapi.CodeUnavailable
	}
	return e
}

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// magic is what every SQLite database begins with (file format, section 1.3.1).
const magic = "SQLite format 3\x00"

// CopyTo writes a copy of the database as it is at one instant, while others go on using it. The file at path must be
// there and empty: its mode is the caller's choice. The copy is one file without a log beside it.
func (s *Store) CopyTo(ctx context.Context, path string) error {
	_, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path)
	return told(s.path, err)
}

// Adopt opens a file that CopyTo wrote and makes it a database to work with: it is checked from end to end, gets a
// write-ahead log and the newest schema. Error: CodeUnavailable for a file that is no copy of a database, is damaged, or
// was made by a newer program; nothing is made where there is no file.
func Adopt(ctx context.Context, path string, o Options) (*Store, error) {
	if err := isDatabase(path); err != nil {
		return nil, told(path, err)
	}
	connector, err := newConnector(path, parameters)
	if err != nil {
		return nil, told(path, err)
	}
	// A Store as Open makes it, but not ready yet: what is in the file is not known to be sound.
	s := newStore(connector, path)
	if err := s.adopt(ctx); err != nil {
		return nil, errors.Join(told(path, err), s.Close())
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return Open(ctx, path, o)
}

func (s *Store) adopt(ctx context.Context) error {
	var verdict string
	if err := s.db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err
	}
	var version int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if verdict != "ok" || version == 0 {
		return notACopy(s.path)
	}
	return s.log(ctx) // a copy comes without
}

// isDatabase looks at the beginning of a file. SQLite itself would take an empty file, or none, for a new database.
func isDatabase(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(magic)) {
		return notACopy(path)
	}
	return nil
}

func notACopy(path string) error {
	return keyapi.Errorf(keyapi.CodeUnavailable, fmt.Sprintf("%s is no copy of a database, or is damaged", path), "Take another copy.")
}

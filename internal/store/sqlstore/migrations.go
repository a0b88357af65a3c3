package sqlstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// MetaInstance is the name of the database's identifier in its table of named values.
const MetaInstance = "instance"

// Migrations are the steps by which the tables of a database come about: numbered SQL files, migrations/0001_init.sql
// and so on. Which of them were applied is noted by each database in its own way.
type Migrations struct {
	Files  fs.FS
	Newest int // the number of the last one
}

// Apply applies those after a version, within one transaction. run runs a text of many statements in it. The first
// migration gives the database its identifier, which random is for.
func (m Migrations) Apply(w Writer, version int, random io.Reader, run func(text string) error) error {
	for number := version + 1; number <= m.Newest; number++ {
		text, err := m.Text(number)
		if err != nil {
			return err
		}
		if err := run(text); err != nil {
			return err
		}
		if number > 1 {
			continue
		}
		instance, err := newInstance(random)
		if err != nil {
			return err
		}
		if err := w.SetMeta(MetaInstance, []byte(instance)); err != nil {
			return err
		}
	}
	return nil
}

// Text gives the SQL of a migration. There must be one of its number, and only one.
func (m Migrations) Text(number int) (string, error) {
	names, err := fs.Glob(m.Files, fmt.Sprintf("migrations/%04d_*.sql", number))
	if err != nil || len(names) != 1 {
		return "", errors.Join(fmt.Errorf("migration %d: %d files", number, len(names)), err)
	}
	text, err := fs.ReadFile(m.Files, names[0])
	return string(text), err
}

func newInstance(random io.Reader) (string, error) {
	raw := make([]byte, 16)
	_, err := io.ReadFull(random, raw)
	return "db-" + hex.EncodeToString(raw), err
}

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite" // SQLite in Go: no C compiler is needed

	"github.com/apikey-cli/apikey/internal/durable"
)

// parameters of every connection. Each costs some microseconds at every start of the program, so what is SQLite's
// default anyway (synchronous = FULL) is not said again; a test looks after it.
//
// busy_timeout is how long a write waits for those of other processes. It takes a few milliseconds itself; the bound is
// for a hundred processes that start together on a slow disk.
//
// journal_size_limit: see connector.
const parameters = "?_busy_timeout=30000&_foreign_keys=1&_pragma=journal_size_limit(0)"

// parametersAlone are those of a database that nobody else opens (Options.Alone): what a transaction or a statement would have
// to take back is kept in memory, which for a new file is next to nothing.
const parametersAlone = parameters + "&_pragma=journal_mode(MEMORY)"

// connector opens connections that leave the files of the write-ahead log where they are, emptied.
//
// By default the last connection to close removes -wal and -shm and the next one makes them again. Kept, opening,
// reading and closing takes a third less (0.43 instead of 0.66 ms in a warm process, ext4). Emptied they must be
// (journal_size_limit = 0): what stands in the log when a process opens the database counts as not yet in the database,
// so that even a process that only reads would read it all and, closing, write it into the database, with two fsyncs.
//
// The checkpoint itself, at the close of the last connection, stays. A process that wrote does five fsyncs with it and
// two without; one that only read does none. But without it the log grows to SQLite's 4 MB, and every start reads it: at
// 2.5 MB that was 1.6 ms, more than all the rest. The driver does not offer SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE either.
type connector struct{ driver.Connector }

func newConnector(path, parameters string) (driver.Connector, error) {
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() // ? # % in a path are no syntax
	c, err := sqlite.NewConnector("file:" + escaped + parameters)
	return connector{c}, err
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.(sqlite.FileControl).FileControlPersistWAL("main", 1); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// makeFile makes the file before SQLite does, so that it and the files SQLite puts beside it (they get its mode) are
// private whatever the umask is. It tells whether the file has no content yet.
func makeFile(path string) (fresh bool, err error) {
	if info, err := os.Stat(path); err == nil {
		return info.Size() == 0, nil
	}
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, errors.Join(f.Chmod(0o600), f.Close())
}

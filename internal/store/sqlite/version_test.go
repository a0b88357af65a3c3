package sqlite_test

import (
	"database/sql"
	"fmt"
	"testing"
)

// setVersion makes a database look as if a program that knows that version of the form had made it.
func setVersion(t *testing.T, path string, version int) {
	t.Helper()
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		t.Fatal(err)
	}
}

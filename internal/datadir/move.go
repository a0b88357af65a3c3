package datadir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/masterkey"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/postgres"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// copyPatience bounds the one transaction in which everything is copied.
const copyPatience = 6 * time.Hour

// Copied counts what a copy came to.
type Copied struct {
	MasterKey string // its name
	Accounts  int
	Keys      int // that accounts have
	Events    int
	Sessions  int
}

// Copy makes a service that is the same as another one: its identifier, accounts, keys, sessions, kept replies, audit trail,
// signing keys and mails that wait, bound to the same master key. Only the counts of failed attempts are left behind. Nobody
// has to notice: secrets, sessions and access tokens stay good.
//
// It reads one snapshot and writes one transaction, table by table, so that the destination is whole or stays empty; rows
// keep their identifiers. A folder becomes one of a service, with a copy of the master key file, in the last step; beside a
// PostgreSQL nothing is written into the folder of its place. What the source goes through meanwhile is not copied. Errors:
// CodeUsage for a destination that is not empty, CodeUnavailable for what cannot be used.
func Copy(ctx context.Context, from, to Place, random io.Reader) (Copied, error) {
	ctx, stop := context.WithTimeout(ctx, copyPatience)
	defer stop()
	source, err := from.Open(ctx, random)
	if err != nil {
		return Copied{}, err
	}
	if to.Database != "" {
		report, err := copyToPostgres(ctx, source.DB, to.Database, random)
		return report, errors.Join(err, source.DB.Close())
	}
	report, err := copyToFolder(ctx, source.DB, filepath.Join(from.Dir, masterKeyFile), to.Dir, random)
	return report, errors.Join(err, source.DB.Close())
}

func copyToPostgres(ctx context.Context, source store.Store, address string, random io.Reader) (Copied, error) {
	db, err := postgres.Open(ctx, address, postgres.Options{Random: random})
	if err != nil {
		return Copied{}, err
	}
	report, err := transfer(ctx, source, db, "The database "+db.Place())
	return report, errors.Join(err, db.Close())
}

// copyToFolder fills a database in a folder inside the destination, and brings it to its name when it is whole.
func copyToFolder(ctx context.Context, source store.Store, keyFile, dir string, random io.Reader) (report Copied, err error) {
	if err := notEmbedded(dir); err != nil {
		return report, err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return report, err
	case len(entries) > 0:
		return report, notEmpty("The folder "+dir, entries[0].Name()+" is in it")
	}
	if err := durable.MkdirAll(dir); err != nil {
		return report, err
	}
	work, err := os.MkdirTemp(dir, ".copy-")
	if err != nil {
		return report, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	database := filepath.Join(work, databaseFile)
	db, err := sqlite.Open(ctx, database, sqlite.Options{Random: random, Alone: true})
	if err != nil {
		return report, err
	}
	report, err = transfer(ctx, source, db, "The folder "+dir)
	if err = errors.Join(err, db.Close()); err != nil { // closed, its log is in the database
		return report, err
	}
	return report, RestoreOptions{Dir: dir, MasterKey: keyFile}.place(database)
}

func notEmpty(what, why string) error {
	return keyapi.Errorf(keyapi.CodeUsage, fmt.Sprintf("%s is not empty: %s", what, why), "Name one that is empty, or not there.")
}

// transfer copies everything of one database into another, which is called what in a text for people.
func transfer(ctx context.Context, source, destination store.Store, what string) (report Copied, err error) {
	err = source.Read(ctx, func(from store.Reader) error {
		return destination.Write(ctx, func(to store.Writer) error {
			if err := refuseUsed(to, what); err != nil {
				return err
			}
			report, err = copyAll(ctx, from, to) // it may be run again
			return err
		})
	})
	if err != nil {
		return Copied{}, err
	}
	report.MasterKey, err = masterkey.Name(ctx, destination)
	return report, err
}

// refuseUsed refuses a database that a service has used.
func refuseUsed(r store.Reader, what string) error {
	used, err := masterkey.BoundIn(r)
	if err != nil {
		return err
	}
	if used {
		return notEmpty(what, "a key service uses it")
	}
	switch login, err := r.SoleAccount(); {
	case err == nil:
		return notEmpty(what, "the account "+login+" is in it")
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return nil
}

// copyAll copies everything that a copy has, into a database that has nothing.
func copyAll(ctx context.Context, from store.Reader, to store.Writer) (Copied, error) {
	rows := map[string]int{}
	for _, table := range from.Tables() {
		table.Rows = ahead(ctx, table.Rows)
		added, err := to.AddTable(table)
		if err != nil {
			return Copied{}, err
		}
		rows[table.Name] = added
	}
	return Copied{Accounts: rows["accounts"], Keys: rows["keys"], Events: rows["events"], Sessions: rows["sessions"]}, copyMeta(from, to)
}

// ahead gives rows that are read while those before them are written: each side has a processor of its own. It ends with
// the context, by a signal: SQLite itself does not look at it.
func ahead(ctx context.Context, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		read := make(chan [][]any, 2)
		var failed error // of the reader, once read is closed
		go func() {
			defer close(read)
			failed = inBatches(rows, func(batch [][]any) error {
				select {
				case read <- batch:
				case <-ctx.Done():
				}
				return ctx.Err()
			})
		}()
		defer func() {
			stop()
			for range read { // until the reader has ended: then the source is free again
			}
		}()
		for batch := range read {
			for _, row := range batch {
				if !yield(row, nil) {
					return
				}
			}
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

// inBatches gives rows page by page.
func inBatches(rows iter.Seq2[[]any, error], give func([][]any) error) error {
	var batch [][]any
	for row, err := range rows {
		if err != nil {
			return err
		}
		if batch = append(batch, slices.Clone(row)); len(batch) < page {
			continue
		}
		if err := give(batch); err != nil {
			return err
		}
		batch = nil
	}
	return give(batch)
}

// copyMeta copies the named values: with the identifier the copy is the same instance, with the check of the master key it
// is bound to the same one.
func copyMeta(from store.Reader, to store.Writer) error {
	values, err := from.AllMeta()
	if err != nil {
		return err
	}
	for name, value := range values {
		if err := to.SetMeta(name, value); err != nil {
			return err
		}
	}
	return nil
}

package storetest

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"testing"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// crowdSize is how many accounts a crowd is: more than a store adds at once.
const crowdSize = 250

var tables = map[string]func(*testing.T, *database){
	"AddTable_OfEveryTable_MakesTheSame": func(t *testing.T, d *database) {
		d.write(everything)
		d.write(crowd("crowd"))
		other := made(t, d.fresh)
		d.read(func(r store.Reader) error { return other.Write(d.context(), addingAll(r.Tables())) })
		want, got := rowsOf(d), rowsOf(other)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("it has\n%v\nwant\n%v", got, want)
		}
		if len(want["accounts"]) != crowdSize+1 || len(want["events"]) <= crowdSize {
			t.Errorf("%d accounts and %d events were read", len(want["accounts"]), len(want["events"]))
		}
	},
	// What is added later gets numbers above those that came along.
	"AddTable_NumbersGoOn": func(t *testing.T, d *database) {
		d.write(everything)
		d.write(crowd("first"))
		other := made(t, d.fresh)
		d.read(func(r store.Reader) error { return other.Write(d.context(), addingAll(r.Tables())) })
		before := rowsOf(other)
		other.write(crowd("later"))
		other.write(func(w store.Writer) error {
			return errors.Join(w.AddMail(letter("m-later", start)),
				w.CreateSigningKey(store.SigningKey{ID: "later", Sealed: []byte("sealed"), CreatedAt: start}))
		})
		after := rowsOf(other)
		for _, name := range []string{"accounts", "sessions", "events", "outbox", "signing_keys"} {
			if known := len(before[name]); len(after[name]) == known || !reflect.DeepEqual(after[name][:known], before[name]) {
				t.Errorf("%s: %d rows before, %d after, and not the same first", name, known, len(after[name]))
			}
		}
	},
	"AddTable_Nothing_AddsNothing": func(t *testing.T, d *database) {
		d.read(func(r store.Reader) error { return made(t, d.fresh).Write(d.context(), addingAll(r.Tables())) })
		wantEmptyAndWorking(t, d)
	},
	"AddTable_ErrorOfTheRows_IsGivenAndLeavesNothing": func(t *testing.T, d *database) {
		d.write(everything)
		other, failed := made(t, d.fresh), errors.New("failed on purpose")
		d.read(func(r store.Reader) error {
			all := r.Tables()
			last := &all[len(all)-1]
			last.Rows = then(last.Rows, failed)
			if err := other.Write(d.context(), addingAll(all)); !errors.Is(err, failed) || err.Error() != failed.Error() {
				t.Errorf("Write gives %v, want the error of the rows", err)
			}
			return nil
		})
		wantEmptyAndWorking(t, other)
	},
	"AddTable_OfAnAccountThatIsNotThere_IsRefused": func(t *testing.T, d *database) {
		d.write(everything)
		other := made(t, d.fresh)
		d.read(func(r store.Reader) error {
			accountless := slices.DeleteFunc(r.Tables(), func(t store.Table) bool { return t.Name == "accounts" })
			if err := other.Write(d.context(), addingAll(accountless)); err == nil {
				t.Error("it was added")
			}
			return nil
		})
		wantEmptyAndWorking(t, other)
	},
	"AddTable_Twice_IsRefused": func(t *testing.T, d *database) {
		d.write(everything)
		d.read(func(r store.Reader) error {
			if err := d.Write(d.context(), addingAll(r.Tables())); err == nil {
				t.Error("it was added")
			}
			return nil
		})
	},
	"Tables_NotReadToTheEnd_LeaveTheTransactionWorking": func(t *testing.T, d *database) {
		d.write(crowd("crowd"))
		d.read(func(r store.Reader) error {
			for _, table := range r.Tables() {
				for _, err := range table.Rows {
					if err != nil {
						return err
					}
					break
				}
			}
			_, err := r.Account("crowd-000")
			return err
		})
	},
}

// crowd adds accounts of which some have a key, some a former one too, some sessions and some events.
func crowd(name string) func(store.Writer) error {
	return func(w store.Writer) (err error) {
		for i := range crowdSize {
			login := fmt.Sprintf("%s-%03d", name, i)
			err = errors.Join(err, w.CreateAccount(store.Account{Login: login, Permitted: i%2 == 0, Locked: i%3 == 0, CreatedAt: start}))
			key := lifecycle.Key{AccessKey: "AK-" + login, CreatedAt: start, Disabled: i%2 == 0, Generation: 2, Revision: 3, LastGeneration: 2}
			if i%5 == 0 {
				key.Previous = &lifecycle.Previous{AccessKey: "AK-former-" + login, Verifier: []byte{}, Generation: 1}
			}
			if i%4 > 0 {
				err = errors.Join(err, w.PutKey(login, key), w.CreateSession(session(login, login, "")))
			}
			for range i % 4 {
				err = errors.Join(err, w.AddEvent(login, keyapi.Event{At: start, Action: keyapi.ActionGenerate, Actor: login}))
			}
		}
		return err
	}
}

// addingAll gives what adds tables, and says how many rows they had.
func addingAll(all []store.Table) func(store.Writer) error {
	return func(w store.Writer) error {
		for _, table := range all {
			want := 0
			rows := func(yield func([]any, error) bool) {
				for row, err := range table.Rows {
					want++
					if !yield(row, err) {
						return
					}
				}
			}
			got, err := w.AddTable(store.Table{Name: table.Name, Columns: table.Columns, Rows: rows})
			if err == nil && got != want {
				err = fmt.Errorf("%s: %d rows were added of %d", table.Name, got, want)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// then gives an error after rows.
func then(rows iter.Seq2[[]any, error], failed error) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
		}
		yield(nil, failed)
	}
}

// rowsOf gives all rows of a database.
func rowsOf(d *database) map[string][][]any {
	all := map[string][][]any{}
	d.read(func(r store.Reader) error {
		for _, table := range r.Tables() {
			for row, err := range table.Rows {
				if err != nil {
					return err
				}
				all[table.Name] = append(all[table.Name], slices.Clone(row))
			}
		}
		return nil
	})
	return all
}

// WantWhole fails unless the tables of a copy and their columns are those of the database itself, but for what is copied in
// another way and what is not copied. The query gives them, each with its table.
func WantWhole(t *testing.T, s store.Store, db *sql.DB, query string) {
	t.Helper()
	var want, got []string
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if table != "meta" && table != "attempts" {
			want = append(want, table+"."+column)
		}
	}
	err = s.Read(t.Context(), func(r store.Reader) error {
		for _, table := range r.Tables() {
			for _, column := range table.Columns {
				got = append(got, table.Name+"."+column)
			}
		}
		return rows.Err()
	})
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("copied are %v (%v), want %v", got, err, want)
	}
}

package datadir

import (
	"context"
	"errors"
	"iter"
	"testing"
)

// counted gives rows of one number each, 1 to last, and then an error or nothing. Afterwards it sets done.
func counted(last int, failed error, done *bool) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		defer func() { *done = true }()
		row := []any{0} // one row, as a database gives it: good until the next
		for n := 1; n <= last; n++ {
			if row[0] = n; !yield(row, nil) {
				return
			}
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

func TestAhead_GivesEveryRowInOrder(t *testing.T) {
	for _, last := range []int{0, 1, page - 1, page, page + 1, 10 * page} {
		done, got := false, 0
		for row, err := range ahead(t.Context(), counted(last, nil, &done)) {
			if got++; err != nil || row[0] != got {
				t.Fatalf("of %d rows number %d is %v, %v", last, got, row, err)
			}
		}
		if got != last || !done {
			t.Errorf("of %d rows there were %d", last, got)
		}
	}
}

func TestAhead_Error_ComesLast(t *testing.T) {
	done, failed := false, errors.New("failed on purpose")
	var got error
	for _, err := range ahead(t.Context(), counted(3*page, failed, &done)) {
		if got != nil {
			t.Errorf("something after the error: %v", err)
		}
		got = err
	}
	if !errors.Is(got, failed) {
		t.Errorf("the last is %v", got)
	}
}

// Whoever wants no more has the source to themselves again.
func TestAhead_LeftEarly_ReadsNoMore(t *testing.T) {
	done := false
	for row, err := range ahead(t.Context(), counted(1<<40, nil, &done)) {
		if err != nil || row[0] != 1 {
			t.Errorf("the first is %v, %v", row, err)
		}
		break
	}
	if !done {
		t.Error("it is read further")
	}
}

func TestAhead_Cancelled_EndsWithThat(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := false
	var got error
	for _, got = range ahead(ctx, counted(1<<40, nil, &done)) {
		cancel()
	}
	if !errors.Is(got, context.Canceled) || !done {
		t.Errorf("the last is %v", got)
	}
}

package sqlstore

import (
	"database/sql"
	"testing"
	"time"
)

// The zero time is NULL, not the year 1 in microseconds, so that a query can tell.
func TestTimes_ZeroIsNull(t *testing.T) {
	if got := toDB(time.Time{}); got != nil {
		t.Errorf("toDB of the zero time is %v", got)
	}
	if got := fromDB(sql.NullInt64{}); !got.IsZero() {
		t.Errorf("fromDB of NULL is %v", got)
	}
}

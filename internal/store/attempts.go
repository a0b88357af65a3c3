package store

import "time"

// Attempts counts failures of one kind, for a limit that all replicas share.
type Attempts struct {
	Failures int
	LastAt   time.Time // of the last failure
	Until    time.Time // no further attempt before it; zero if one is open
}

// AttemptsReader reads counts of failures.
type AttemptsReader interface {
	// Attempts gives the count under a name; the zero Attempts if there is none.
	Attempts(name string) (Attempts, error)
}

// AttemptsWriter writes counts of failures.
type AttemptsWriter interface {
	// PutAttempts replaces the count under a name; the zero Attempts removes it.
	PutAttempts(name string, a Attempts) error
	// PurgeAttempts removes the counts whose last failure was before an instant.
	PurgeAttempts(before time.Time) error
}

package store

// Kinds of what is counted in Changes, by the first of their numbers. A change of one account, token or resource server
// counts up one of them, so that whoever keeps a state in memory learns that it may be old without reading it again.
const (
	// AccountMarks is how many numbers the accounts share: that of an account is its id modulo AccountMarks.
	AccountMarks  = 256
	tokenMarks    = 256 // revoked tokens, by their identifier
	resourceMarks = 1   // resource servers: there are few, and they hardly ever change

	firstToken    = AccountMarks
	firstResource = firstToken + tokenMarks
	// Marks is how many numbers there are.
	Marks = firstResource + resourceMarks
)

// Changes are the numbers that count the changes of a database, at one instant. They are many, so that writers of
// different accounts don't wait for each other and a change makes few states old.
type Changes [Marks]int64

// Mark says under which number of Changes a state was read: it is as it was for as long as that number is the same.
type Mark struct {
	Place  int // in Changes
	Number int64
}

// Counts tells whether what was read under a mark is the state at the instant of the numbers.
func (c *Changes) Counts(m Mark) bool { return c[m.Place] == m.Number }

// TokenMark gives the place in Changes of a token, by its identifier (jti).
func TokenMark(id string) int {
	sum := uint32(2166136261) // FNV-1a: the same in every process
	for i := range len(id) {
		sum = (sum ^ uint32(id[i])) * 16777619
	}
	return firstToken + int(sum%tokenMarks)
}

// ResourceMark gives the place in Changes of all resource servers.
func ResourceMark() int { return firstResource }

// TokenState says whether a token was revoked, and under which mark that was read.
type TokenState struct {
	Revoked bool
	Mark
}

// ChangeReader reads states together with the mark they are under, in as few statements as can be.
type ChangeReader interface {
	// Changes gives the numbers as they are.
	Changes() (Changes, error)
	// KeyHolder gives the account whose current or previous key this Access Key is, as far as a check of the key asks for
	// it: of a current key neither the previous one nor anything that was counted. Error: ErrNotFound.
	KeyHolder(accessKey string) (Account, Mark, error)
	// TokenHolder is KeyHolder and tells at the same instant whether a token was revoked, by its identifier (jti). Error:
	// ErrNotFound if there is no such key; then nothing is told of the token.
	TokenHolder(accessKey, id string) (Account, Mark, TokenState, error)
	// ResourceState gives a resource server by its name. Error: ErrNotFound.
	ResourceState(name string) (Resource, Mark, error)
}

//go:build race

package sqlite_test

// processes is how many start at once on a fresh folder. The race detector makes each slow and sees nothing of what
// happens between them.
const processes = 20

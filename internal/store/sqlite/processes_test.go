//go:build !race

package sqlite_test

// processes is how many start at once on a fresh folder.
const processes = 100

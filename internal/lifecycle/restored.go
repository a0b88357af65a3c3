package lifecycle

// leap is how far the generations of a restored key go on from those of the copy: further than a key can have been
// changed since the copy was made, and still a whole number in JSON after a million of them.
const leap = 1 << 32

// Restored is Retire for a key that comes from an old copy of the database. After the copy was made, generations may have
// been given out that it does not know of, and tokens carry them: none of those may come alive again either.
func (k Key) Restored() Key {
	k.LastGeneration += leap
	return k.Retire()
}

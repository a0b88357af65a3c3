//go:build !soak

package trials

// long tells whether this is the long form.
const long = false

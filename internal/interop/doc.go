// Package interop holds the real apikeyd against programs that know nothing of it: OAuth 2.0 libraries of several
// languages, nginx, and the commands of the guides in docs/guides. It has tests only.
package interop

// Package keyapi is the key API for Go programs: the types, the error codes and the interface through which the one
// API key of an account is viewed and managed.
//
// The interface [API] has more than one implementation: the service embedded in the apikey tool and a remote key
// service behave the same, so that a caller cannot tell which it talks to. Nothing but the standard library may
// enter this package.
//
// The terms are those of the page the system implements and of RFC 6749: an API key is an Access Key (public, the
// client identifier) and an Access Secret (shown once, the client secret).
package keyapi

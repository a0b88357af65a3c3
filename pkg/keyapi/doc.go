// Package keyapi is the key API for Go programs: the types, the error codes and the interface through which the one
// API key of an account is viewed and managed.
//
// The interface [API] has more than one implementation: the service embedded in the apikey tool and [Client], which
// calls a remote key service over HTTP, behave the same, so that a caller cannot tell which it talks to. Nothing but the
// standard library may enter this package.
//
// Beside the API, Client signs in and out and manages the account's sessions and authenticator. It retries what is safe
// to retry, sends credentials to one origin only, and says of a change that was not answered whether it may have
// happened: see [NewClient].
//
// The terms are those of the page the system implements and of RFC 6749: an API key is an Access Key (public, the
// client identifier) and an Access Secret (shown once, the client secret).
package keyapi

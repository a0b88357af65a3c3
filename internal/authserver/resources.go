package authserver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/keyservice"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// nameCharacters are those of a resource server's name; it has 1 to 32 of them. An Access Key never looks like one.
const nameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"

func isResourceName(text string) bool {
	return text != "" && len(text) <= 32 && strings.Trim(text, nameCharacters) == ""
}

// AddResource lets a resource server introspect tokens and gives its secret, the one time it is shown. Errors:
// CodeInvalidRequest for a name that is none or is taken.
func (s *Server) AddResource(ctx context.Context, name string) (keyapi.Secret, error) {
	if !isResourceName(name) {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeInvalidRequest,
			"The name of a resource server is 1 to 32 of a-z, 0-9 and -", "")
	}
	secret, err := keyapi.NewAccessSecret(s.Random)
	if err != nil {
		return keyapi.Secret{}, err
	}
	err = s.Store.Write(ctx, func(w store.Writer) error {
		_, err := w.Resource(name)
		switch {
		case err == nil:
			return keyapi.Errorf(keyapi.CodeInvalidRequest, fmt.Sprintf("There is a resource server %s already", name),
				"Remove it first, or choose another name.")
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return w.CreateResource(store.Resource{
			Name: name, Verifier: s.resourceVerifier(secret), CreatedAt: s.Now().UTC().Truncate(time.Second),
		})
	})
	if err != nil {
		return keyapi.Secret{}, err
	}
	return secret, nil
}

// Resources gives the resource servers, by name. Errors are those of the store.
func (s *Server) Resources(ctx context.Context) (all []store.Resource, err error) {
	err = s.Store.Read(ctx, func(r store.Reader) error {
		all, err = r.Resources()
		return err
	})
	return all, err
}

// HasResource gives no error if a resource server of that name is there. Error: CodeInvalidRequest.
func (s *Server) HasResource(ctx context.Context, name string) error {
	return noResource(name, s.Store.Read(ctx, func(r store.Reader) error {
		_, err := r.Resource(name)
		return err
	}))
}

// RemoveResource takes the right to ask from a resource server. Error: CodeInvalidRequest if it is not there.
func (s *Server) RemoveResource(ctx context.Context, name string) error {
	return noResource(name, s.Store.Write(ctx, func(w store.Writer) error { return w.DeleteResource(name) }))
}

func noResource(name string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return keyapi.Errorf(keyapi.CodeInvalidRequest, fmt.Sprintf("There is no resource server %q", name),
			"See: apikeyd resource list")
	}
	return err
}

// resource checks the credential of a resource server. One that is not there costs the same work and gives the same
// answer as a wrong secret, as does what is no name.
func (s *Server) resource(ctx context.Context, from, name string, secret keyapi.Secret) (Caller, error) {
	given := s.resourceVerifier(secret)
	if s.resources != nil {
		verifier, known := s.resources.Get(name)
		if !known {
			verifier = make([]byte, sha256.Size)
		}
		if hmac.Equal(verifier, given) && known {
			return Caller{Resource: name}, nil
		}
	}
	wanted := name
	if !isResourceName(name) {
		wanted = ""
	}
	ctx, stop := context.WithTimeout(ctx, keyservice.LookPatience)
	defer stop()
	resource := store.Resource{Verifier: make([]byte, sha256.Size)} // fits no secret
	var mark store.Mark
	err := s.Store.Look(ctx, func(r store.Reader) error {
		found, m, err := r.ResourceState(wanted)
		switch {
		case err == nil:
			resource, mark = found, m
		case errors.Is(err, store.ErrNotFound):
			return nil
		}
		return err
	})
	if err != nil {
		return Caller{}, err
	}
	if !hmac.Equal(resource.Verifier, given) {
		return Caller{}, s.wrong(from, name)
	}
	if s.resources != nil {
		s.resources.Put(name, resource.Verifier, mark)
	}
	return Caller{Resource: name}, nil
}

func (s *Server) resourceVerifier(secret keyapi.Secret) []byte {
	return s.verifies(secret.Reveal())
}

package sqlstore

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// SigningKeys implements store.TokenReader.
func (r Reader) SigningKeys() ([]store.SigningKey, error) {
	return list(r.Conn, "SELECT id, sealed, created_at FROM signing_keys ORDER BY number", nil,
		func(scan func(...any) error) (k store.SigningKey, err error) {
			var made sql.NullInt64
			err = scan(&k.ID, &k.Sealed, &made)
			k.CreatedAt = fromDB(made)
			return k, err
		})
}

// RevokedTokens implements store.TokenReader. They are sorted here: each database has an order of texts of its own.
func (r Reader) RevokedTokens() ([]store.RevokedToken, error) {
	all, err := list(r.Conn, "SELECT id, expires_at FROM revoked_tokens", nil,
		func(scan func(...any) error) (t store.RevokedToken, err error) {
			var expires sql.NullInt64
			err = scan(&t.ID, &expires)
			t.ExpiresAt = fromDB(expires)
			return t, err
		})
	slices.SortFunc(all, func(a, b store.RevokedToken) int { return strings.Compare(a.ID, b.ID) })
	return all, err
}

const selectResources = "SELECT name, verifier, created_at FROM resources "

// Resource implements store.TokenReader.
func (r Reader) Resource(name string) (store.Resource, error) {
	return scanResource(func(into ...any) error {
		return r.Conn.One(selectResources+"WHERE name = ?1", []any{name}, into...)
	})
}

// Resources implements store.TokenReader.
func (r Reader) Resources() ([]store.Resource, error) {
	return list(r.Conn, selectResources+"ORDER BY name", nil, scanResource)
}

func scanResource(scan func(...any) error) (store.Resource, error) {
	var resource store.Resource
	var made sql.NullInt64
	if err := scan(&resource.Name, &resource.Verifier, &made); err != nil {
		return store.Resource{}, err
	}
	resource.CreatedAt = fromDB(made)
	return resource, nil
}

// CreateSigningKey implements store.TokenWriter.
func (w Writer) CreateSigningKey(k store.SigningKey) error {
	return w.exec("INSERT INTO signing_keys (id, sealed, created_at) VALUES (?1, ?2, ?3)", k.ID, k.Sealed, toDB(k.CreatedAt))
}

// DeleteSigningKey implements store.TokenWriter.
func (w Writer) DeleteSigningKey(id string) error {
	return w.exec("DELETE FROM signing_keys WHERE id = ?1", id)
}

// RevokeToken implements store.TokenWriter.
func (w Writer) RevokeToken(id string, expires time.Time) error {
	err := w.exec("INSERT INTO revoked_tokens (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING", id, toDB(expires))
	if err != nil {
		return err
	}
	return w.count(store.TokenMark(id))
}

// PurgeRevoked implements store.TokenWriter.
func (w Writer) PurgeRevoked(before time.Time) error {
	return w.exec("DELETE FROM revoked_tokens WHERE expires_at < ?1", toDB(before))
}

// CreateResource implements store.TokenWriter.
func (w Writer) CreateResource(r store.Resource) error {
	return w.exec("INSERT INTO resources (name, verifier, created_at) VALUES (?1, ?2, ?3)", r.Name, r.Verifier, toDB(r.CreatedAt))
}

// DeleteResource implements store.TokenWriter.
func (w Writer) DeleteResource(name string) error {
	if err := w.existing("DELETE FROM resources WHERE name = ?1", name); err != nil {
		return err
	}
	return w.count(store.ResourceMark())
}

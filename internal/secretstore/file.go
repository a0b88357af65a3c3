package secretstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// file keeps each secret in a file of its own, 0600 in a 0700 folder, as ssh and aws keep theirs.
type file struct{ dir string }

// NewFile makes the store of private files in a folder, which is made when the first secret comes.
func NewFile(dir string) Store { return file{dir} }

// Kind implements Store.
func (f file) Kind() Kind { return KindFile }

// Place implements Store.
func (f file) Place() string { return f.dir }

// path names the file of a slot: the name for people, a digest of the rest because logins and addresses are not
// always valid file names. An Access Key comes from a service: whatever it is, it names no file of another folder.
func (f file) path(s Slot) string {
	return filepath.Join(f.dir, label(s))
}

// longestName leaves room in a file's name, of 255 bytes, for the account and for what a write in progress adds.
const longestName = 160

// fileName writes a slot's name so that it can be a file's: escaped, and one that is too long cut, with a digest of the
// whole. A "=" stands in no escaped name, so that nothing that is cut is another slot's whole name.
func fileName(name string) string {
	escaped := url.QueryEscape(name)
	if len(escaped) <= longestName {
		return escaped
	}
	sum := sha256.Sum256([]byte(name))
	return escaped[:longestName/2] + "=" + hex.EncodeToString(sum[:16])
}

// label names a slot by one word that can be a file's name, of letters, digits and punctuation that no shell minds.
func label(s Slot) string { return fileName(s.Name) + ofAccount(s) }

// ofAccount is the end of the names of an account's files.
func ofAccount(s Slot) string {
	sum := sha256.Sum256([]byte(s.Instance + "\x00" + s.Login))
	return "-" + hex.EncodeToString(sum[:8])
}

// sweep removes what writes of the account's secrets left behind when they were killed: it may be a secret.
func (f file) sweep(s Slot) {
	durable.Sweep(f.dir, func(name string) bool { return strings.HasSuffix(name, ofAccount(s)) })
}

// Probe implements Store.
func (f file) Probe(_ context.Context, _ Slot) error {
	if err := f.makeDir(); err != nil {
		return err
	}
	return f.failed("cannot be written", durable.Probe(f.dir))
}

// makeDir makes the folder and refuses one that others can read. Where a file system does not keep modes the secret
// would be readable by everybody who sees the disk.
func (f file) makeDir() error {
	if err := durable.MkdirAll(f.dir); err != nil {
		return f.failed("cannot be made", err)
	}
	info, err := os.Lstat(f.dir)
	if err != nil {
		return f.failed("cannot be read", err)
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !owned(info) {
		return keyapi.Errorf(keyapi.CodeStoreDenied, fmt.Sprintf("The folder %s is not private: it is %v", f.dir, info.Mode()),
			"It must be a folder of yours with mode 0700. Where modes can't be kept, use the keyring.")
	}
	return nil
}

// Put implements Store.
func (f file) Put(ctx context.Context, s Slot, secret keyapi.Secret) error {
	if err := f.makeDir(); err != nil {
		return err
	}
	if err := durable.WriteFile(f.path(s), []byte(secret.Reveal()+"\n")); err != nil {
		return f.failed("cannot be written", err)
	}
	f.sweep(s)
	failpoint.Hit("written")
	got, err := f.Get(ctx, s)
	if err != nil {
		return err
	}
	if got.Reveal() != secret.Reveal() {
		return keyapi.Errorf(keyapi.CodeStoreFailed, "The private file gave back another secret than it was given", "See to the disk.")
	}
	return nil
}

// Get implements Store.
func (f file) Get(_ context.Context, s Slot) (keyapi.Secret, error) {
	path := f.path(s)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeNoSecret, "The private file of the secret is gone: "+path, "")
	}
	if err != nil {
		return keyapi.Secret{}, f.failed("cannot be read", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || !owned(info) {
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeStoreDenied, fmt.Sprintf("The file %s is not private: it is %v", path, info.Mode()),
			"It must be a file of yours with mode 0600. If others could read it, make a new key: apikey regenerate")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return keyapi.Secret{}, f.failed("cannot be read", err)
	}
	secret := keyapi.NewSecret(string(bytes.TrimSpace(text)))
	if secret.IsZero() {
		return secret, keyapi.Errorf(keyapi.CodeStoreFailed, "The file "+path+" is damaged: it is empty", "")
	}
	return secret, nil
}

// Delete implements Store.
func (f file) Delete(_ context.Context, s Slot) error {
	f.sweep(s)
	return f.failed("cannot be removed", durable.Remove(f.path(s)))
}

// failed makes an error of the file system one of this store; nil stays nil.
func (f file) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	code := keyapi.CodeStoreFailed
	if errors.Is(err, fs.ErrPermission) {
		code = keyapi.CodeStoreDenied
	}
	return &keyapi.Error{
		Code: code, Message: "The private file for the secret " + what, Err: err,
		Hint: "See that " + strings.TrimSuffix(f.dir, string(filepath.Separator)) + " is yours and that the disk has room.",
	}
}

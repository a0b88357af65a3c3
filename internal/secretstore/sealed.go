package secretstore

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// SealedOptions are what the sealed store takes from outside.
type SealedOptions struct {
	Dir string
	// Passphrase gets the passphrase, at most once. first tells that nothing is sealed yet: it can be checked against
	// nothing, so a person must type it twice.
	Passphrase func(ctx context.Context, first bool) (keyapi.Secret, error)
	WorkFactor int // log2 of scrypt's N, RFC 7914; 0 = age's own
}

// sealed keeps each secret in a private file of its own that is encrypted with a passphrase, in the format of age
// (age-encryption.org/v1, scrypt recipient, armored): the program age opens it too.
type sealed struct {
	SealedOptions
	file Store

	mu     sync.Mutex
	asked  bool
	words  keyapi.Secret
	failed error // of asking; nobody is asked twice
	proved bool  // the passphrase opens what is sealed here
	denied bool  // it did not open something
}

// NewSealed makes the store of sealed files in a folder, which is made when the first secret comes.
func NewSealed(o SealedOptions) Store { return &sealed{SealedOptions: o, file: NewFile(o.Dir)} }

// Kind implements Store.
func (s *sealed) Kind() Kind { return KindSealed }

// Place implements Store.
func (s *sealed) Place() string { return "sealed files in " + s.Dir }

// Probe implements Store.
func (s *sealed) Probe(ctx context.Context, slot Slot) error {
	if err := s.file.Probe(ctx, slot); err != nil {
		return err
	}
	return s.Unlock(ctx)
}

// Unlock implements Locked. A passphrase that does not open what is sealed already would seal the next secret with a
// typing error, and nobody could open it again.
func (s *sealed) Unlock(ctx context.Context) error {
	there := s.texts()
	words, err := s.passphrase(ctx, len(there) == 0)
	if err != nil {
		return err
	}
	s.mu.Lock()
	proved := s.proved
	s.mu.Unlock()
	if proved {
		return nil
	}
	for _, text := range there {
		_, err := s.open(words, text)
		if err == nil || keyapi.CodeOf(err) == keyapi.CodeStoreDenied {
			return err
		}
	}
	return nil
}

// texts gives what is sealed, of any account: all have one passphrase. What cannot be read, or is no sealed text, proves
// no passphrase; whoever needs it is told.
func (s *sealed) texts() []string {
	entries, _ := os.ReadDir(s.Dir) // none there, none sealed
	var found []string
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.Dir, e.Name()))
		if err == nil && strings.HasPrefix(string(text), armor.Header) && strings.Contains(string(text), armor.Footer) {
			found = append(found, string(text))
		}
	}
	return found
}

func (s *sealed) passphrase(ctx context.Context, first bool) (keyapi.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked {
		s.asked = true
		s.words, s.failed = s.Passphrase(ctx, first)
	}
	return s.words, s.failed
}

// Retry implements Locked.
func (s *sealed) Retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil || s.denied && !s.proved {
		s.asked, s.words, s.failed, s.denied = false, keyapi.Secret{}, nil, false
	}
}

// Put implements Store. What is on the disk is compared in its sealed form: to open it once more would cost a second.
func (s *sealed) Put(ctx context.Context, slot Slot, secret keyapi.Secret) error {
	if err := s.Unlock(ctx); err != nil {
		return err
	}
	words, err := s.passphrase(ctx, false)
	if err != nil {
		return err
	}
	text, err := s.seal(words, secret)
	if err != nil {
		return &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "The secret could not be sealed", Err: err}
	}
	return s.file.Put(ctx, slot, keyapi.NewSecret(text))
}

func (s *sealed) seal(words, secret keyapi.Secret) (string, error) {
	to, err := age.NewScryptRecipient(words.Reveal())
	if err != nil {
		return "", err
	}
	if s.WorkFactor != 0 {
		to.SetWorkFactor(s.WorkFactor)
	}
	var text strings.Builder
	armored := armor.NewWriter(&text)
	plain, err := age.Encrypt(armored, to)
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(plain, secret.Reveal())
	err = errors.Join(err, plain.Close(), armored.Close())
	return strings.TrimSpace(text.String()), err
}

// Get implements Store.
func (s *sealed) Get(ctx context.Context, slot Slot) (keyapi.Secret, error) {
	text, err := s.file.Get(ctx, slot)
	if err != nil {
		return keyapi.Secret{}, err
	}
	words, err := s.passphrase(ctx, false)
	if err != nil {
		return keyapi.Secret{}, err
	}
	return s.open(words, text.Reveal())
}

// open opens a sealed text. Errors: CodeStoreDenied for a wrong passphrase, CodeStoreFailed for a text that is damaged.
func (s *sealed) open(words keyapi.Secret, text string) (keyapi.Secret, error) {
	identity, err := age.NewScryptIdentity(words.Reveal())
	if err != nil {
		return keyapi.Secret{}, damaged(err)
	}
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), identity)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		s.mu.Lock()
		s.denied = true
		s.mu.Unlock()
		return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeStoreDenied, "The passphrase does not open the sealed secrets",
			"Nothing is lost: run the same command again with the passphrase they were sealed with. If it is forgotten, remove "+
				s.Dir+" and make a new key: apikey regenerate")
	}
	if err != nil {
		return keyapi.Secret{}, damaged(err)
	}
	secret, err := io.ReadAll(plain)
	if err != nil {
		return keyapi.Secret{}, damaged(err)
	}
	s.mu.Lock()
	s.proved = true
	s.mu.Unlock()
	return keyapi.NewSecret(string(secret)), nil
}

func damaged(err error) error {
	return &keyapi.Error{
		Code: keyapi.CodeStoreFailed, Message: "A sealed file is damaged", Err: err,
		Hint: "Keep the secret again with: apikey import. Or make a new one: apikey regenerate",
	}
}

// Delete implements Store. It takes no passphrase.
func (s *sealed) Delete(ctx context.Context, slot Slot) error { return s.file.Delete(ctx, slot) }

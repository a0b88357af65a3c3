//go:build unix

package secretstore

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// passphraseIs gives a store one passphrase and counts how often it is asked for.
func passphraseIs(words string, asked *int) func(context.Context, bool) (keyapi.Secret, error) {
	return func(context.Context, bool) (keyapi.Secret, error) {
		if asked != nil {
			*asked++
		}
		return keyapi.NewSecret(words), nil
	}
}

// cheap is a work factor for tests that seal many times.
const cheap = 4

func sealedIn(dir, words string) *sealed {
	return NewSealed(SealedOptions{Dir: dir, Passphrase: passphraseIs(words, nil), WorkFactor: cheap}).(*sealed)
}

// passIn is the example of a helper, on a pass without gpg that keeps what it keeps in a folder.
func passIn(dir string, env ...string) *helper {
	path, bin := testkit.PassHelper()
	return NewHelper(HelperOptions{
		Argv: []string{path}, Budget: time.Minute,
		Environ: append([]string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + dir, "PASSWORD_STORE_DIR=" + dir}, env...),
	}).(*helper)
}

// left lists the files below a folder.
func left(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

// TestContract is what every store does.
func TestContract(t *testing.T) {
	for kind, opened := range map[Kind]func(dir string) Store{
		KindKeyring: func(string) Store { return open(newBackend(), time.Minute) },
		KindFile:    NewFile,
		KindSealed:  func(dir string) Store { return sealedIn(dir, "correct horse") },
		KindCommand: func(dir string) Store { return passIn(dir) },
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			ctx, dir := context.Background(), filepath.Join(t.TempDir(), "store")
			s := opened(dir)
			if s.Kind() != kind || s.Place() == "" {
				t.Errorf("it is %q at %q", s.Kind(), s.Place())
			}
			gives := func(at Slot, want keyapi.Secret) {
				t.Helper()
				if got, err := s.Get(ctx, at); err != nil || got.Reveal() != want.Reveal() {
					t.Errorf("%v: %v", at, err)
				}
			}
			_, err := s.Get(ctx, slot)
			wantCode(t, err, keyapi.CodeNoSecret)
			wantCode(t, s.Delete(ctx, slot), "")
			wantCode(t, s.Probe(ctx, slot), "")
			if files := left(t, dir); len(files) != 0 {
				t.Errorf("the probe left %v", files)
			}
			first, second := newSecret(t), newSecret(t)
			odd := keyapi.NewSecret(`{"accessToken":"a\"b","x":"ü<&>"} %s \1 $(id)`)
			beside := []Slot{
				{slot.Instance, slot.Login, "AK1"}, {slot.Instance, "eve", slot.Name}, {"https://other.example", slot.Login, slot.Name},
			}
			wantCode(t, s.Put(ctx, slot, first), "")
			for _, other := range beside {
				_, err := s.Get(ctx, other)
				wantCode(t, err, keyapi.CodeNoSecret)
			}
			wantCode(t, s.Put(ctx, beside[0], odd), "")
			gives(beside[0], odd)
			gives(slot, first)
			wantCode(t, s.Put(ctx, slot, second), "")
			gives(slot, second)
			wantCode(t, s.Delete(ctx, slot), "")
			wantCode(t, s.Delete(ctx, slot), "")
			_, err = s.Get(ctx, slot)
			wantCode(t, err, keyapi.CodeNoSecret)
			gives(beside[0], odd)
			wantCode(t, s.Delete(ctx, beside[0]), "")
			if files := left(t, dir); len(files) != 0 {
				t.Errorf("left: %v", files)
			}
		})
	}
}

func TestSealed_WrongPassphrase_IsDenied_AndNothingIsLost(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "sealed")
	secret := newSecret(t)
	wantCode(t, sealedIn(dir, "right").Put(ctx, slot, secret), "")
	other := Slot{slot.Instance, slot.Login, "AK1"}
	wrong := sealedIn(dir, "wrong")
	wantCode(t, wrong.Probe(ctx, other), keyapi.CodeStoreDenied)
	wantCode(t, wrong.Put(ctx, other, secret), keyapi.CodeStoreDenied)
	_, err := wrong.Get(ctx, slot)
	wantCode(t, err, keyapi.CodeStoreDenied)
	if files := left(t, dir); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
	if got, err := sealedIn(dir, "right").Get(ctx, slot); err != nil || got.Reveal() != secret.Reveal() {
		t.Error(err)
	}
}

func TestSealed_FileIsPrivate_AndDoesNotShowTheSecret(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "sealed")
	secret := newSecret(t)
	wantCode(t, sealedIn(dir, "right").Put(ctx, slot, secret), "")
	path := left(t, dir)[0]
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), "-----BEGIN AGE ENCRYPTED FILE-----\n") || strings.Contains(string(text), secret.Reveal()) {
		t.Errorf("%v: %.40s", err, text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sealedIn(dir, "right").Get(ctx, slot)
	wantCode(t, err, keyapi.CodeStoreFailed)
}

func TestSealed_AsksOnce_AndTwiceTheFirstTime(t *testing.T) {
	ctx, dir, asked := context.Background(), filepath.Join(t.TempDir(), "sealed"), 0
	firsts := []bool{}
	opened := func() Store {
		return NewSealed(SealedOptions{Dir: dir, WorkFactor: cheap, Passphrase: func(_ context.Context, first bool) (keyapi.Secret, error) {
			asked++
			firsts = append(firsts, first)
			return keyapi.NewSecret("right"), nil
		}})
	}
	s := opened()
	_, err := s.Get(ctx, slot)
	wantCode(t, err, keyapi.CodeNoSecret)
	wantCode(t, s.Delete(ctx, slot), "")
	if asked != 0 {
		t.Error("asked to look for what is not there, or to delete")
	}
	wantCode(t, s.Probe(ctx, slot), "")
	wantCode(t, s.Put(ctx, slot, newSecret(t)), "")
	_, err = s.Get(ctx, slot)
	wantCode(t, err, "")
	_, err = opened().Get(ctx, slot)
	wantCode(t, err, "")
	if asked != 2 || !firsts[0] || firsts[1] {
		t.Errorf("asked %d times, as the first time: %v", asked, firsts)
	}
	// Files that can prove no passphrase are none: nothing would tell a typing error.
	for _, path := range left(t, dir) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text[:len(text)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, opened().Probe(ctx, slot), "")
	if asked != 3 || !firsts[2] {
		t.Errorf("asked %d times, as the first time: %v", asked, firsts)
	}
}

// TestSealed_Retry_AsksAnew_OnlyAfterAnAnswerThatOpenedNothing: else a panel would be stuck with a typing error, or ask at
// every action.
func TestSealed_Retry_AsksAnew_OnlyAfterAnAnswerThatOpenedNothing(t *testing.T) {
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "sealed")
	wantCode(t, sealedIn(dir, "right").Put(ctx, slot, newSecret(t)), "")
	answers := []string{"wrong", "", "right"}
	s := NewSealed(SealedOptions{Dir: dir, WorkFactor: cheap, Passphrase: func(context.Context, bool) (keyapi.Secret, error) {
		words := answers[0]
		if answers = answers[1:]; words == "" {
			return keyapi.Secret{}, keyapi.Errorf(keyapi.CodeCancelled, "left", "")
		}
		return keyapi.NewSecret(words), nil
	}})
	for _, want := range []keyapi.Code{keyapi.CodeStoreDenied, keyapi.CodeCancelled, "", ""} {
		for range 2 {
			_, err := s.Get(ctx, slot)
			wantCode(t, err, want)
		}
		s.(Locked).Retry()
	}
	if len(answers) != 0 {
		t.Errorf("not asked for: %v", answers)
	}
}

func TestPassphraseFile(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		text string
		mode os.FileMode
		want string
		code keyapi.Code
	}{
		{"correct horse\n", 0o600, "correct horse", ""},
		{" blanks count \r\n", 0o400, " blanks count ", ""},
		{"no end", 0o600, "no end", ""},
		{"", 0o600, "", keyapi.CodeUsage},
		{"\n", 0o600, "", keyapi.CodeUsage},
		{"two\nlines\n", 0o600, "", keyapi.CodeUsage},
		{strings.Repeat("x", 5000), 0o600, "", keyapi.CodeUsage},
		{"read by others\n", 0o640, "", keyapi.CodeStoreDenied},
		{"read by others\n", 0o604, "", keyapi.CodeStoreDenied},
	} {
		path := filepath.Join(dir, "passphrase")
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		got, err := ReadPassphraseFile(path, "APIKEY_PASSPHRASE_FILE")
		wantCode(t, err, test.code)
		if got.Reveal() != test.want {
			t.Errorf("%.20q gives %q", test.text, got.Reveal())
		}
		if err != nil && test.text != "" && strings.Contains(err.Error(), strings.TrimSpace(test.text)) && strings.TrimSpace(test.text) != "" {
			t.Errorf("the passphrase is in the error: %v", err)
		}
	}
	_, err := ReadPassphraseFile(filepath.Join(dir, "none"), "APIKEY_PASSPHRASE_FILE")
	wantCode(t, err, keyapi.CodeUsage)
}

package notice_test

import (
	"crypto/rand"
	"errors"
	"testing"

	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/store"
)

// TestTell_ManyOfAKind_WaitInABoundedNumber: a flood of one kind keeps out no other kind and nobody else's.
func TestTell_ManyOfAKind_WaitInABoundedNumber(t *testing.T) {
	w := newWorld(t)
	bob := store.Account{Login: "bob", Email: "bob@example.org"}
	ada := store.Account{Login: "ada", Email: "ada@example.org"}
	w.must(w.Write(ctx, func(tx store.Writer) error {
		errs := []error{tx.CreateAccount(bob)}
		for range 100 {
			errs = append(errs, notice.Tell(tx, rand.Reader, ada, notice.Fact{Kind: notice.KeyDisabled, At: made}))
		}
		return errors.Join(append(errs, notice.Tell(tx, rand.Reader, ada, notice.Fact{Kind: notice.MFADisabled, At: made}),
			notice.Tell(tx, rand.Reader, bob, notice.Fact{Kind: notice.KeyDisabled, At: made}))...)
	}))
	waiting := map[[2]string]int{}
	w.must(w.Read(ctx, func(r store.Reader) error {
		all, err := r.Mails(0, 1000)
		for _, m := range all {
			waiting[[2]string{m.Login, m.Kind}]++
		}
		return err
	}))
	want := map[[2]string]int{{"ada", "key-disabled"}: 20, {"ada", "mfa-disabled"}: 1, {"bob", "key-disabled"}: 1}
	for of, count := range want {
		if waiting[of] != count {
			t.Errorf("%v: %d wait, want %d", of, waiting[of], count)
		}
	}
}

package outbox_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/internal/notice"
	"github.com/apikey-cli/apikey/internal/outbox"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
	"github.com/apikey-cli/apikey/internal/testkit"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)
)

// world is a database of mails, with a clock that stands still, a sender that does as it is told, and the counts.
type world struct {
	t    *testing.T
	path string
	db   store.Store
	log  *testkit.Buffer

	mu     sync.Mutex
	at     time.Time
	fails  func(m store.Mail) error // nil = every mail is sent
	sent   []store.Mail             // attempts, the last one at the end
	counts map[string]int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "a.db"), at: start, log: &testkit.Buffer{}, counts: map[string]int{}}
	w.db = w.open()
	w.write(func(tx store.Writer) error {
		return tx.CreateAccount(store.Account{Login: "ada", Email: "ada@example.org"})
	})
	return w
}

func (w *world) open() store.Store {
	w.t.Helper()
	db, err := sqlite.Open(ctx, w.path, sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// worker is another replica's.
func (w *world) worker() *outbox.Worker {
	return outbox.New(outbox.Options{
		Store: w.open(), Sender: w, Now: w.now, Random: rand.Reader, Jitter: func() float64 { return 0.5 },
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Counts: w,
	})
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// Send implements outbox.Sender.
func (w *world) Send(_ context.Context, m store.Mail) error {
	w.mu.Lock()
	w.sent = append(w.sent, m)
	fails := w.fails
	w.mu.Unlock()
	if fails != nil {
		return fails(m)
	}
	return nil
}

// MailsQueued implements outbox.Counts.
func (w *world) MailsQueued(count int) { w.count("queued", count) }

// MailTried implements outbox.Counts.
func (w *world) MailTried(result string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[result]++
}

func (w *world) count(name string, value int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name] = value
}

// attempts gives how many attempts were made so far.
func (w *world) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

func (w *world) write(fn func(store.Writer) error) {
	w.t.Helper()
	if err := w.db.Write(ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

// put puts mails into the outbox.
func (w *world) put(names ...string) {
	w.t.Helper()
	w.write(func(tx store.Writer) error {
		for _, name := range names {
			m := store.Mail{Name: name, Login: "ada", To: "ada@example.org", Kind: "key-disabled", At: w.now(), DueAt: w.now()}
			if err := tx.AddMail(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// waiting gives the mails that wait.
func (w *world) waiting() (all []store.Mail) {
	w.t.Helper()
	err := w.db.Read(ctx, func(r store.Reader) (err error) {
		all, err = r.Mails(0, 1000)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) round(k *outbox.Worker, want error) {
	w.t.Helper()
	if err := k.Round(ctx); !errors.Is(err, want) {
		w.t.Fatalf("the round ended with %v, want %v", err, want)
	}
}

func TestRound_SendsAllThatIsDueAndForgetsIt(t *testing.T) {
	w := newWorld(t)
	names := make([]string, 50) // more than are looked for at a time
	for i := range names {
		names[i] = fmt.Sprint("m", i)
	}
	w.put(names...)
	w.round(w.worker(), nil)
	if w.attempts() != 50 || len(w.waiting()) != 0 {
		t.Errorf("%d sent, %d wait", w.attempts(), len(w.waiting()))
	}
	if w.counts[outbox.Sent] != 50 || w.counts["queued"] != 0 {
		t.Errorf("counted %v", w.counts)
	}
}

// TestRound_Failure_IsTriedAgainForThreeDays: the waits are 1, 2, 4 … minutes and then 4 hours, as the middle of the
// jitter.
func TestRound_Failure_IsTriedAgainForThreeDays(t *testing.T) {
	w := newWorld(t)
	k := w.worker()
	w.put("m")
	w.fails = func(store.Mail) error { return errors.New("450 later") }
	wait := time.Minute
	for attempts := 1; w.now().Before(start.Add(3 * 24 * time.Hour)); attempts++ {
		w.round(k, nil)
		w.round(k, nil) // it is not due
		left := w.waiting()
		if w.attempts() != attempts || len(left) != 1 || !left[0].DueAt.Equal(w.now().Add(wait)) {
			t.Fatalf("after %d attempts: %+v, want it due in %v", w.attempts(), left, wait)
		}
		w.wait(wait)
		wait = min(2*wait, 4*time.Hour)
	}
	before := w.attempts()
	w.round(k, nil)
	if w.attempts() != before+1 || len(w.waiting()) != 0 || w.counts[outbox.Failed] != 1 || w.counts[outbox.Retried] != before {
		t.Errorf("%d attempts, %+v wait, counted %v", w.attempts(), w.waiting(), w.counts)
	}
	if log := w.log.String(); !strings.Contains(log, `level=ERROR msg="mail given up" kind=key-disabled login=ada`) {
		t.Errorf("the log does not say that it was given up:\n%s", log)
	}
}

// TestRound_Jitter: the wait is between a half and one and a half.
func TestRound_Jitter(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 30 * time.Second, 0.999999: 89 * time.Second} {
		w := newWorld(t)
		k := w.worker()
		k.Jitter = func() float64 { return jitter }
		w.put("m")
		w.fails = func(store.Mail) error { return errors.New("later") }
		w.round(k, nil)
		if got := w.waiting()[0].DueAt.Sub(start).Truncate(time.Second); got != want {
			t.Errorf("jitter %v: %v, want %v", jitter, got, want)
		}
	}
}

func TestRound_Refused_IsGivenUpAtOnceAndNoOther(t *testing.T) {
	w := newWorld(t)
	w.put("bad", "good")
	w.fails = func(m store.Mail) error {
		if m.Name == "bad" {
			return fmt.Errorf("%w: 550", outbox.ErrRefused)
		}
		return nil
	}
	w.round(w.worker(), nil)
	if len(w.waiting()) != 0 || w.counts[outbox.Failed] != 1 || w.counts[outbox.Sent] != 1 {
		t.Errorf("%+v wait, counted %v", w.waiting(), w.counts)
	}
}

// TestRound_NoServer_TriesOneAndLosesNone: an outage costs one attempt, not one of each mail.
func TestRound_NoServer_TriesOneAndLosesNone(t *testing.T) {
	w := newWorld(t)
	k := w.worker()
	w.put("a", "b", "c")
	w.fails = func(store.Mail) error { return fmt.Errorf("%w: refused", outbox.ErrNoServer) }
	w.round(k, outbox.ErrNoServer)
	if w.attempts() != 1 || len(w.waiting()) != 3 || w.counts["queued"] != 3 {
		t.Errorf("%d attempts, %d wait, counted %v", w.attempts(), len(w.waiting()), w.counts)
	}
	w.fails = nil
	w.round(k, nil)
	w.wait(time.Hour)
	w.round(k, nil)
	if len(w.waiting()) != 0 || w.counts[outbox.Sent] != 3 {
		t.Errorf("%d wait, counted %v", len(w.waiting()), w.counts)
	}
}

// TestRound_ManyWorkers_SendEachOnce: while one is at a mail no other is.
func TestRound_ManyWorkers_SendEachOnce(t *testing.T) {
	w := newWorld(t)
	names := make([]string, 30)
	for i := range names {
		names[i] = fmt.Sprint("m", i)
	}
	w.put(names...)
	var workers sync.WaitGroup
	for range 4 {
		k := w.worker()
		workers.Go(func() {
			if err := k.Round(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	times := map[string]int{}
	for _, m := range w.sent {
		times[m.Name]++
	}
	for _, name := range names {
		if times[name] != 1 {
			t.Errorf("%s was sent %d times", name, times[name])
		}
	}
	if len(w.waiting()) != 0 {
		t.Errorf("%d wait", len(w.waiting()))
	}
}

// TestRound_WorkerThatIsGone_LosesNothing: a worker that hangs has a mail for the time of its lease; then another one
// sends it, under the same name, and what the first one notes in the end changes nothing.
func TestRound_WorkerThatIsGone_LosesNothing(t *testing.T) {
	w := newWorld(t)
	w.put("m")
	hangs, goOn := make(chan struct{}), make(chan struct{})
	w.fails = func(m store.Mail) error {
		if m.Attempts == 1 {
			close(hangs)
			<-goOn
			return errors.New("it is lost after all")
		}
		return errors.New("later")
	}
	gone, other := w.worker(), w.worker()
	ended := make(chan error)
	go func() { ended <- gone.Round(ctx) }()
	<-hangs
	w.wait(3*time.Minute - time.Second)
	w.round(other, nil)
	if w.attempts() != 1 {
		t.Fatal("another worker was at it too")
	}
	w.wait(time.Second)
	w.round(other, nil)
	if w.attempts() != 2 || w.sent[0].Name != w.sent[1].Name {
		t.Fatalf("attempts %+v", w.sent)
	}
	want := w.waiting()
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := w.waiting(); len(got) != 1 || got[0] != want[0] {
		t.Errorf("the first one made %+v of %+v", got, want)
	}
}

// TestRun_EndWhileSending_GivesTheMailBack: who is told to end is cut off, and the next one need not wait for the
// lease.
func TestRun_EndWhileSending_GivesTheMailBack(t *testing.T) {
	w := newWorld(t)
	w.put("m")
	ctx, stop := context.WithCancel(ctx)
	w.fails = func(store.Mail) error {
		stop()
		return fmt.Errorf("%w: cut off", outbox.ErrNoServer)
	}
	w.worker().Run(ctx)
	left := w.waiting()
	if len(left) != 1 || !left[0].DueAt.Equal(start) || w.counts[outbox.Retried] != 0 {
		t.Errorf("%+v wait, counted %v", left, w.counts)
	}
}

// TestRun_Ending_FinishesTheAttemptInHand: whether the mail server has it is known, so that it is not sent again; and no
// other one is begun.
func TestRun_Ending_FinishesTheAttemptInHand(t *testing.T) {
	w := newWorld(t)
	w.put("first", "second")
	ending := make(chan struct{})
	k := w.worker()
	k.Ending = ending
	w.fails = func(store.Mail) error { close(ending); return nil }
	k.Run(ctx)
	left := w.waiting()
	if len(left) != 1 || left[0].Name != "second" || left[0].Attempts != 0 || w.counts[outbox.Sent] != 1 {
		t.Errorf("%+v wait, counted %v", left, w.counts)
	}
}

// TestRound_TooOld_IsGivenUpUntried: no mail was sent for long, and what it tells is of no use any more.
func TestRound_TooOld_IsGivenUpUntried(t *testing.T) {
	w := newWorld(t)
	w.put("old")
	w.wait(time.Second)
	w.put("late")
	w.wait(30*24*time.Hour - time.Second)
	w.round(w.worker(), nil)
	if len(w.sent) != 1 || w.sent[0].Name != "late" || len(w.waiting()) != 0 || w.counts[outbox.Failed] != 1 {
		t.Errorf("sent %+v, %+v wait, counted %v", w.sent, w.waiting(), w.counts)
	}
	if log := w.log.String(); !strings.Contains(log, `level=ERROR msg="mail given up"`) || !strings.Contains(log, "too old") {
		t.Errorf("the log does not say that it was given up:\n%s", log)
	}
}

// TestRun_TellsOfKeysThatExpire: the worker looks for them itself, and sends the notice in the same round.
func TestRun_TellsOfKeysThatExpire(t *testing.T) {
	w := newWorld(t)
	if err := notice.Set(ctx, w.db, true); err != nil {
		t.Fatal(err)
	}
	w.write(func(tx store.Writer) error {
		return tx.PutKey("ada", lifecycle.Key{AccessKey: "AK1", CreatedAt: start.AddDate(-1, 0, 7)})
	})
	ctx, stop := context.WithCancel(ctx)
	w.fails = func(store.Mail) error { stop(); return nil }
	w.worker().Run(ctx)
	if len(w.sent) != 1 || w.sent[0].Kind != string(notice.KeyExpiring) || !w.sent[0].Until.Equal(start.AddDate(0, 0, 7)) {
		t.Errorf("sent %+v", w.sent)
	}
	if !strings.Contains(w.log.String(), "keys are about to expire") {
		t.Errorf("log: %s", w.log.String())
	}
}

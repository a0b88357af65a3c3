//go:build linux

package trials

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"math"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"golang.org/x/sys/unix"

	"github.com/apikey-cli/apikey/internal/embedded"
	"github.com/apikey-cli/apikey/internal/lifecycle"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// What a client does beside the actions of the key.
const (
	doLook         = "look"
	doAuthenticate = "authenticate"
)

// input is one operation of a client.
type input struct {
	ID        string        `json:"id"`
	Do        string        `json:"do"`
	IfMatch   *int64        `json:"ifMatch,omitempty"`
	Grace     time.Duration `json:"grace,omitempty"`
	Attempt   string        `json:"attempt,omitempty"`   // names the Idempotency-Key; a repetition has the same
	AccessKey string        `json:"accessKey,omitempty"` // of doAuthenticate
}

// output is what came of it.
type output struct {
	Code      keyapi.Code   `json:"code,omitempty"`
	Changed   bool          `json:"changed,omitempty"`
	Status    keyapi.Status `json:"status,omitempty"`
	AccessKey string        `json:"accessKey,omitempty"`
	Previous  string        `json:"previous,omitempty"`
	Revision  int64         `json:"revision,omitempty"`
	Untold    bool          `json:"-"` // nobody was told: only that it happened, and the revision it led to, is known
}

// line is what a client reports: its operation when it begins, and again with its output when it ends.
type line struct {
	At     int64   `json:"at"` // nanoseconds of the clock all processes share
	Input  input   `json:"input"`
	Output *output `json:"output,omitempty"`
}

// The environment of a client.
const (
	clientDir   = "APIKEY_TRIALS_DIR"
	clientName  = "APIKEY_TRIALS_NAME"
	clientSeed  = "APIKEY_TRIALS_CLIENT_SEED"
	clientCount = "APIKEY_TRIALS_COUNT"
	clientURL   = "APIKEY_TRIALS_SERVER"
	clientLogin = "APIKEY_TRIALS_LOGIN"
	clientLossy = "APIKEY_TRIALS_LOSSY" // "1": the services go down under the client
)

func init() { //nolint:gochecknoinits // children are named before any test runs
	children["client"] = client
}

// client is a process that acts on the key of a service, the one in a folder or one over HTTP, and reports.
func client() int {
	seed, _ := strconv.ParseUint(os.Getenv(clientSeed), 10, 64)
	count, _ := strconv.Atoi(os.Getenv(clientCount))
	var api keyapi.API
	var err error
	if urls := strings.FieldsFunc(os.Getenv(clientURL), func(r rune) bool { return r == ',' }); len(urls) > 0 {
		api, err = signIn(urls[seed%uint64(len(urls))], os.Getenv(clientLogin))
	} else {
		api, err = openEmbedded(os.Getenv(clientDir))
	}
	if err == nil {
		err = actAtRandom(api, os.Getenv(clientName), mathrand.New(mathrand.NewPCG(seed, 2)), count, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// signIn gives a client of a service with a session of its own.
func signIn(url, login string) (*keyapi.Client, error) {
	c, err := keyapi.NewClient(keyapi.ClientOptions{Server: url, UserAgent: "trials"})
	if err != nil {
		return nil, err
	}
	for {
		session, err := c.SignIn(context.Background(), keyapi.SignIn{LoginID: login, Password: keyapi.NewSecret(password)})
		switch {
		case err == nil:
			c.SetSession(session.Token)
			return c, nil
		case lost[keyapi.CodeOf(err)] && os.Getenv(clientLossy) == "1":
			time.Sleep(50 * time.Millisecond)
		default:
			return nil, err
		}
	}
}

func openEmbedded(dir string) (*embedded.Service, error) {
	return embedded.Open(context.Background(), embedded.Options{
		Dir: dir, Login: func() string { return "ada" }, Now: time.Now, Random: rand.Reader,
	})
}

// actAtRandom does operations one after the other and writes a line before and after each.
func actAtRandom(api keyapi.API, name string, random *mathrand.Rand, count int, to io.Writer) error {
	report := json.NewEncoder(to)
	attempts := map[string]keyapi.IdempotencyKey{}
	secrets := map[string]keyapi.Secret{}
	var known []string // Access Keys of secrets
	var before *input  // the last action
	seen := int64(0)
	lossy := os.Getenv(clientLossy) == "1"
	for n := range count {
		in := input{ID: fmt.Sprintf("%s-%d", name, n)}
		in.Do = []string{
			doLook, doAuthenticate, string(keyapi.ActionGenerate), string(keyapi.ActionGenerate), string(keyapi.ActionDisable),
			string(keyapi.ActionActivate), string(keyapi.ActionRegenerate), string(keyapi.ActionDelete), string(keyapi.ActionDeletePrevious),
		}[random.IntN(9)]
		switch {
		case in.Do == doAuthenticate && (len(known) == 0 || lossy): // of a token another replica may be a second late
			in.Do = doLook
		case in.Do == doAuthenticate:
			in.AccessKey = known[random.IntN(len(known))]
		case in.Do == doLook:
		case before != nil && random.IntN(5) == 0: // the same once more, as after a reply that got lost
			id := in.ID
			in = *before
			in.ID = id
		default:
			in.Attempt = in.ID
			if random.IntN(2) == 0 {
				revision := seen
				in.IfMatch = &revision
			}
			if in.Do == string(keyapi.ActionRegenerate) && random.IntN(2) == 0 {
				in.Grace = time.Hour
			}
			again := in
			before = &again
		}
		if _, ok := attempts[in.Attempt]; !ok && in.Attempt != "" {
			key, err := keyapi.NewIdempotencyKey(rand.Reader)
			if err != nil {
				return err
			}
			attempts[in.Attempt] = key
		}
		if err := report.Encode(line{At: monotonic(), Input: in}); err != nil {
			return err
		}
		result, err := operate(api, in, attempts[in.Attempt], secrets[in.AccessKey])
		out := outputOf(result, err)
		if lossy && lost[out.Code] { // whether it happened is in the trail, as for a client that was killed
			return nil
		}
		if err := report.Encode(line{At: monotonic(), Input: in, Output: &out}); err != nil {
			return err
		}
		if out.Code == keyapi.CodeInternal || out.Code == keyapi.CodeUnavailable {
			return err
		}
		if out.Code == "" && in.Do != doAuthenticate {
			seen = out.Revision
		}
		if !result.AccessSecret.IsZero() && secrets[out.AccessKey].IsZero() {
			secrets[out.AccessKey] = result.AccessSecret
			known = append(known, out.AccessKey)
		}
	}
	return nil
}

// lost are the codes of a request whose service went down.
var lost = map[keyapi.Code]bool{keyapi.CodeUnreachable: true, keyapi.CodeOutcomeUnknown: true, keyapi.CodeUnavailable: true}

// calls are the actions of the key.
var calls = map[keyapi.Action]func(keyapi.API, context.Context, keyapi.Change) (keyapi.Result, error){
	keyapi.ActionGenerate:       keyapi.API.Generate,
	keyapi.ActionDisable:        keyapi.API.Disable,
	keyapi.ActionActivate:       keyapi.API.Activate,
	keyapi.ActionRegenerate:     keyapi.API.Regenerate,
	keyapi.ActionDelete:         keyapi.API.Delete,
	keyapi.ActionDeletePrevious: keyapi.API.DeletePrevious,
}

func operate(api keyapi.API, in input, attempt keyapi.IdempotencyKey, secret keyapi.Secret) (keyapi.Result, error) {
	ctx := context.Background()
	switch in.Do {
	case doLook:
		key, err := api.Key(ctx)
		return keyapi.Result{Key: key}, err
	case doAuthenticate:
		return keyapi.Result{}, api.Authenticate(ctx, in.AccessKey, secret)
	default:
		return calls[keyapi.Action(in.Do)](api, ctx, keyapi.Change{
			IdempotencyKey: attempt, IfMatch: in.IfMatch, Grace: in.Grace, UserAgent: in.ID,
		})
	}
}

func outputOf(r keyapi.Result, err error) output {
	if err != nil {
		return output{Code: keyapi.CodeOf(err)}
	}
	out := output{Changed: r.Changed, Status: r.Key.Status, AccessKey: r.Key.AccessKey, Revision: r.Key.Revision}
	if r.Key.Previous != nil {
		out.Previous = r.Key.Previous.AccessKey
	}
	return out
}

func monotonic() int64 {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // it can't fail
	return now.Nano()
}

// modelState is the key as the rules see it, and what was answered under each Idempotency-Key.
type modelState struct {
	key     lifecycle.Key
	replies map[string]reply // by attempt
}

// reply is what is answered to an attempt that is repeated.
type reply struct {
	out      output
	secretOf string // the Access Key whose secret is in it, or ""
}

// model is what one client after the other would see. The rules are those of package lifecycle; what is checked here is
// that many clients at once see them obeyed in one order.
func model(now time.Time) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return modelState{} },
		Step: func(state, in, out any) (bool, any) {
			return state.(modelState).step(now, in.(input), out.(output))
		},
		Equal: func(a, b any) bool { return reflect.DeepEqual(a, b) },
		DescribeOperation: func(in, out any) string {
			i, _ := json.Marshal(in)
			o, _ := json.Marshal(out)
			return string(i) + " → " + string(o)
		},
	}
}

func (s modelState) step(now time.Time, in input, got output) (bool, any) {
	view := func(k lifecycle.Key, changed bool) output {
		key := k.View("ada", now, time.Time{}, lifecycle.Facts{Permitted: true})
		return outputOf(keyapi.Result{Key: key, Changed: changed}, nil)
	}
	switch in.Do {
	case doLook:
		return got == view(s.key, false), s
	case doAuthenticate:
		want := s.authenticates(now, in.AccessKey)
		if want == keyapi.CodeUnauthenticated && got.Code == keyapi.CodeRateLimited { // a dead secret, tried too often
			return true, s
		}
		return got == output{Code: want}, s
	}
	if reply, found := s.replies[in.Attempt]; found {
		return got == reply.out, s
	}
	if in.IfMatch != nil && *in.IfMatch != s.key.Revision {
		return got == output{Code: keyapi.CodeVersionConflict}, s
	}
	after, changed, code := s.key.Apply(keyapi.Action(in.Do), now, lifecycle.Fresh{AccessKey: got.AccessKey}, in.Grace)
	if code != "" {
		return got == output{Code: code}, s
	}
	out := view(after, changed)
	if got.Untold {
		return changed && got.Revision == out.Revision, s.with(in, after, out)
	}
	return got == out, s.with(in, after, out)
}

// with is the state after a change.
func (s modelState) with(in input, after lifecycle.Key, out output) modelState {
	if !out.Changed {
		return s
	}
	next := modelState{key: after, replies: map[string]reply{}}
	for attempt, r := range s.replies {
		if r.secretOf != "" && r.secretOf == s.key.AccessKey && r.secretOf != after.AccessKey {
			r = reply{out: output{Code: keyapi.CodeSuperseded}}
		}
		next.replies[attempt] = r
	}
	fresh := reply{out: out}
	if a := keyapi.Action(in.Do); a == keyapi.ActionGenerate || a == keyapi.ActionRegenerate {
		fresh.secretOf = out.AccessKey
	}
	next.replies[in.Attempt] = fresh
	return next
}

// authenticates gives the code with which a right secret is met.
func (s modelState) authenticates(now time.Time, accessKey string) keyapi.Code {
	previous := s.key.LivePrevious(now)
	switch {
	case accessKey != s.key.AccessKey && (previous == nil || accessKey != previous.AccessKey):
		return keyapi.CodeUnauthenticated
	case s.key.Disabled:
		return keyapi.CodeKeyDisabled
	default:
		return ""
	}
}

// TestHistories_OfManyProcesses: processes act on the key of one folder at the same time, some of them are killed in the
// middle of it. What they saw fits one order in which one acted after the other, each at an instant between its call and
// its return.
func TestHistories_OfManyProcesses(t *testing.T) {
	random := dice(t)
	operations, killed := 0, 0
	for range pick(2, 100) {
		dir := t.TempDir()
		lines := crowd(t, random, clientDir+"="+dir)
		service, err := openEmbedded(dir)
		if err != nil {
			t.Fatal(err)
		}
		history, cut := assemble(t, service, lines)
		_ = service.Close()
		operations, killed = operations+len(history), killed+cut
		explained(t, history)
	}
	t.Logf("%d operations, %d of them cut short by a kill", operations, killed)
}

// TestHistories_OfManyClients: the same over HTTP, on one account of a running service.
func TestHistories_OfManyClients(t *testing.T) {
	logins := historyLogins(pick(1, 40))
	historiesOver(t, newService(t, buildService(t), logins...), logins)
}

// historyLogins are the accounts of so many rounds.
func historyLogins(rounds int) (logins []string) {
	for n := range rounds {
		logins = append(logins, fmt.Sprintf("h%d", n))
	}
	return logins
}

func historiesOver(t *testing.T, s *service, logins []string) {
	t.Helper()
	random := dice(t)
	operations, killed := 0, 0
	for _, login := range logins {
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		lines := crowd(t, random, clientURL+"=http://"+s.address, clientLogin+"="+login)
		// A request of a client that was killed may still be carried out: it is when the service has ended in order.
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		api, err := signIn("http://"+s.address, login)
		if err != nil {
			t.Fatal(err)
		}
		history, cut := assemble(t, api, lines)
		s.end()
		operations, killed = operations+len(history), killed+cut
		explained(t, history)
	}
	t.Logf("%d operations, %d of them cut short by a kill", operations, killed)
}

// crowd lets clients act at the same time and gives what each of them reported.
func crowd(t *testing.T, random *mathrand.Rand, env ...string) (lines [][]line) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(append(os.Environ(), env...), asChild+"=client", fmt.Sprintf("%s=c%d", clientName, n),
			fmt.Sprintf("%s=%d", clientSeed, random.Uint64()), clientCount+"=15")
		life := 0
		if n < 2 { // these are killed when an operation has just begun
			life = 1 + 2*random.IntN(15)
		}
		wg.Go(func() {
			got, err := watch(cmd, life)
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, got)
			if err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	return lines
}

// explained looks for an order that explains a history.
func explained(t *testing.T, history []porcupine.Operation) {
	t.Helper()
	m := model(time.Now())
	verdict := porcupine.CheckOperationsTimeout(m, history, time.Minute)
	if verdict == porcupine.Ok {
		return
	}
	for _, o := range history {
		t.Logf("%d %d–%d %s", o.ClientId, o.Call, o.Return, m.DescribeOperation(o.Input, o.Output))
	}
	t.Fatalf("no order explains the history: %s", verdict)
}

// watch runs a client, kills it after so many lines if that is not 0, and gives its lines.
func watch(cmd *exec.Cmd, life int) (lines []line, err error) {
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	scanner := bufio.NewScanner(pipe)
	for scanner.Scan() {
		var l line
		if json.Unmarshal(scanner.Bytes(), &l) != nil {
			break // the last line of a killed one
		}
		if lines = append(lines, l); len(lines) == life {
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err != nil && life == 0 {
		return lines, err
	}
	return lines, nil
}

// assemble makes a history of the lines. An operation that was cut short by a kill took effect if the audit trail has
// it, at some instant until the end; else it did not. Every change is in the trail, once.
func assemble(t *testing.T, service keyapi.API, clients [][]line) (history []porcupine.Operation, cut int) {
	t.Helper()
	trail := map[string]keyapi.Event{}
	for cursor, revision := "", int64(-1); ; {
		page, err := service.Events(context.Background(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			if calls[e.Action] == nil {
				continue // of the account, by the operator
			}
			if _, twice := trail[e.UserAgent]; twice || revision >= 0 && e.Revision != revision-1 {
				t.Errorf("the trail has %s twice, or not revision %d after %d", e.UserAgent, e.Revision, revision)
			}
			trail[e.UserAgent], revision = e, e.Revision
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	changes := 0
	for id, lines := range clients {
		for i, l := range lines {
			if l.Output != nil {
				history = append(history, porcupine.Operation{ClientId: id, Input: l.Input, Call: lines[i-1].At, Output: *l.Output, Return: l.At})
				_, noted := trail[l.Input.ID]
				if noted {
					changes++
				}
				if made := l.Output.Changed && l.Input.Attempt == l.Input.ID; made && !noted {
					t.Errorf("an acknowledged change is not in the trail: %+v", l)
				}
			}
		}
		if len(lines) == 0 || lines[len(lines)-1].Output != nil {
			continue
		}
		cut++
		last := lines[len(lines)-1]
		event, done := trail[last.Input.ID]
		if !done {
			continue
		}
		changes++
		history = append(history, porcupine.Operation{
			ClientId: id, Input: last.Input, Call: last.At, Return: math.MaxInt64, Output: output{AccessKey: event.AccessKey, Revision: event.Revision, Untold: true},
		})
	}
	if changes != len(trail) {
		t.Errorf("%d changes in the trail, %d of them asked for", len(trail), changes)
	}
	return history, cut
}

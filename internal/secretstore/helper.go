package secretstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// The verbs of a helper: its last argument.
const (
	verbGet   = "get"
	verbStore = "store"
	verbErase = "erase"
)

// The exit statuses of a helper that mean more than failed. No usual program ends with them by itself.
const (
	helperNotFound = 10
	helperLocked   = 11
	helperDenied   = 12
)

const (
	helperOutput = 64 << 10        // bytes of its output at most
	helperTold   = 200             // characters of what it complains of at most
	helperDying  = time.Second     // how long its output is waited for after its end
	takeBack     = 2 * time.Second // how long a write past its deadline may take to be taken back
)

// HelperOptions are what the store of a helper takes from outside.
type HelperOptions struct {
	Argv        []string      // the program and its arguments; empty = none is configured
	NamedIn     string        // the file that names it; who can write that runs programs as this user
	Environ     []string      // its environment, less what is ours alone
	Budget      time.Duration // how long all calls together may take
	NoticeAfter time.Duration // a call that takes longer is announced …
	Notice      func()        // … once, by this; may be nil
}

// helper keeps secrets by a program of the user's. The protocol, in docs/stores.md, is that of git's credential helpers in
// kind: a verb as the last argument, one JSON object in, for get one out, an exit status. Secrets go by standard input and
// output and by nothing else.
type helper struct {
	HelperOptions
	mu      sync.Mutex
	left    time.Duration
	noticed bool
}

// NewHelper makes the store of a helper. Nothing is run yet.
func NewHelper(o HelperOptions) Store { return &helper{HelperOptions: o, left: o.Budget} }

// Kind implements Store.
func (h *helper) Kind() Kind { return KindCommand }

// Place implements Store.
func (h *helper) Place() string {
	if len(h.Argv) == 0 {
		return "helper of store-command"
	}
	return "helper " + h.Argv[0]
}

// request is what a helper reads, and reply what it writes for get.
type request struct {
	Schema int    `json:"schema"`
	Slot   string `json:"slot"`
	Secret string `json:"secret,omitempty"`
}

type reply struct {
	Secret string `json:"secret"`
}

// Probe implements Store.
func (h *helper) Probe(ctx context.Context, s Slot) error {
	var name [8]byte
	if _, err := rand.Read(name[:]); err != nil {
		return &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "There are no random numbers", Err: err}
	}
	s.Name = "probe-" + hex.EncodeToString(name[:])
	if err := h.write(ctx, s, "probe "+hex.EncodeToString(name[:])); err != nil {
		return err
	}
	return h.Delete(ctx, s)
}

// Put implements Store.
func (h *helper) Put(ctx context.Context, s Slot, secret keyapi.Secret) error {
	return h.write(ctx, s, secret.Reveal())
}

// write stores a value, reads it back and compares. A write that was given up may have had its effect, or may have it yet
// somewhere behind the helper: it is taken back.
func (h *helper) write(ctx context.Context, s Slot, value string) error {
	_, err := h.call(ctx, verbStore, request{1, label(s), value})
	if keyapi.CodeOf(err) == keyapi.CodeStoreTimeout || errors.Is(err, context.Canceled) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBack)
		defer cancel()
		_, _ = h.run(ctx, verbErase, request{1, label(s), ""}) // what is left is noted by the caller
	}
	if err != nil {
		return err
	}
	failpoint.Hit("written")
	got, err := h.get(ctx, s)
	if err == nil && got != value {
		return keyapi.Errorf(keyapi.CodeStoreFailed, "The "+h.Place()+" gave back another secret than it was given",
			"Mend the helper, or choose another store with APIKEY_STORE.")
	}
	return err
}

// Get implements Store.
func (h *helper) Get(ctx context.Context, s Slot) (keyapi.Secret, error) {
	text, err := h.get(ctx, s)
	return keyapi.NewSecret(text), err
}

func (h *helper) get(ctx context.Context, s Slot) (string, error) {
	out, err := h.call(ctx, verbGet, request{1, label(s), ""})
	if err != nil {
		return "", err
	}
	var r reply
	if json.Unmarshal(out, &r) != nil || r.Secret == "" { // its error could quote the secret
		return "", keyapi.Errorf(keyapi.CodeStoreFailed, "The "+h.Place()+" did not answer with a JSON object that has a secret",
			"See the protocol of helpers in docs/stores.md.")
	}
	return r.Secret, nil
}

// Delete implements Store.
func (h *helper) Delete(ctx context.Context, s Slot) error {
	_, err := h.call(ctx, verbErase, request{1, label(s), ""})
	if keyapi.CodeOf(err) == keyapi.CodeNoSecret {
		return nil
	}
	return err
}

// runnable refuses a helper that is none of the user's own choice: one that a file of others names, as ssh does with its
// configuration (OpenSSH, read_config_file_depth), or that is another program in every folder.
func (h *helper) runnable() error {
	if len(h.Argv) == 0 {
		return keyapi.Errorf(keyapi.CodeUsage, `The store "command" needs a helper, and none is configured`,
			"Set store-command in the profile to the program and its arguments, as a list: store-command: [apikey-pass]")
	}
	if program := h.Argv[0]; filepath.Base(program) != program && !filepath.IsAbs(program) {
		return keyapi.Errorf(keyapi.CodeUsage, "The helper "+program+" would be looked for in the current folder",
			"Name it in store-command by its full path, or by a name that is in PATH.")
	}
	if info, err := os.Stat(h.NamedIn); err == nil && !trusted(info) {
		return keyapi.Errorf(keyapi.CodeStoreDenied,
			fmt.Sprintf("The file %s names a helper to run, and others can write it: it is %v", h.NamedIn, info.Mode()),
			"It must be yours or root's. Then run: chmod go-w "+h.NamedIn)
	}
	return nil
}

// call runs the helper within what is left of the budget.
func (h *helper) call(ctx context.Context, verb string, r request) ([]byte, error) {
	if err := h.runnable(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left <= 0 {
		return nil, h.timedOut()
	}
	began := time.Now()
	defer func() { h.left -= time.Since(began) }()
	if h.Notice != nil && !h.noticed {
		notice := time.AfterFunc(h.NoticeAfter, h.Notice)
		defer func() { h.noticed = !notice.Stop() }()
	}
	bounded, cancel := context.WithTimeout(ctx, h.left)
	defer cancel()
	out, err := h.run(bounded, verb, r)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case bounded.Err() != nil && err != nil:
		return nil, h.timedOut()
	}
	return out, err
}

func (h *helper) timedOut() error {
	return keyapi.Errorf(keyapi.CodeStoreTimeout, "The "+h.Place()+" did not answer in time",
		"See what it waits for. APIKEY_KEYRING_TIMEOUT=1m waits longer; APIKEY_STORE=file does without it.")
}

// run runs the helper once. At the end of the context it is killed with all it has started.
func (h *helper) run(ctx context.Context, verb string, r request) ([]byte, error) {
	in, err := json.Marshal(r)
	if err != nil {
		return nil, &keyapi.Error{Code: keyapi.CodeStoreFailed, Message: "The request to the helper cannot be written", Err: err}
	}
	cmd := exec.CommandContext(ctx, h.Argv[0], append(slices.Clone(h.Argv[1:]), verb)...) //nolint:gosec // the user's own choice
	cmd.Env = helperEnviron(h.Environ)
	cmd.Stdin = bytes.NewReader(append(in, '\n'))
	out, complaint := &limited{}, &limited{}
	cmd.Stdout, cmd.Stderr = out, complaint
	cmd.WaitDelay = helperDying
	ownGroup(cmd)
	err = cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it is done; something it left behind holds its output
		err = nil
	}
	switch {
	case err == nil && out.over:
		return nil, keyapi.Errorf(keyapi.CodeStoreFailed, "The "+h.Place()+" answered with too much", "See the protocol of helpers in docs/stores.md.")
	case err != nil:
		return nil, h.failed(err, told(complaint.Bytes(), r.Secret, out.Bytes()))
	}
	return out.Bytes(), nil
}

// ours are the variables that are no helper's business.
var ours = []string{"APIKEY_ACCESS_SECRET", "APIKEY_SESSION", "APIKEY_PASSPHRASE_FILE"}

func helperEnviron(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(ours, name)
	})
}

// statuses says what an exit status of a helper means.
var statuses = map[int]struct {
	code          keyapi.Code
	message, hint string
}{
	helperNotFound: {keyapi.CodeNoSecret, "does not have the secret any more", ""},
	helperLocked:   {keyapi.CodeStoreLocked, "is locked", "Unlock what it uses and run the same command again."},
	helperDenied:   {keyapi.CodeStoreDenied, "refused", "Allow it, or sign in to what it uses, and run the same command again."},
}

// failed makes the error of a helper's end one of this store.
func (h *helper) failed(err error, complaint string) error {
	var cause error
	if complaint != "" {
		cause = errors.New(complaint)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return &keyapi.Error{
			Code: keyapi.CodeStoreUnavailable, Message: "The " + h.Place() + " cannot be run", Err: err,
			Hint: "Name a program that can be run in store-command of the profile; no shell reads it.",
		}
	}
	if known, ok := statuses[exit.ExitCode()]; ok {
		return &keyapi.Error{Code: known.code, Message: "The " + h.Place() + " " + known.message, Err: cause, Hint: known.hint}
	}
	return &keyapi.Error{
		Code: keyapi.CodeStoreFailed, Message: "The " + h.Place() + " failed: " + exit.String(), Err: cause,
		Hint: "See to the helper, or choose another store with APIKEY_STORE.",
	}
}

// secretForm finds what may be one of our secrets, or a part of one: an Access Secret, a session, an access token.
var secretForm = regexp.MustCompile(`(aks_|aps_|eyJ)[0-9A-Za-z_.-]*`)

// told gives what a helper complained of as one line without a secret: not the one it was given, nor one it gave.
func told(complaint []byte, secret string, out []byte) string {
	text := string(complaint)
	hidden := []string{secret, strings.TrimSpace(string(out))}
	var r reply
	if json.Unmarshal(out, &r) == nil {
		hidden = append(hidden, r.Secret)
	}
	for _, h := range hidden {
		quoted, _ := json.Marshal(h) // as it stands in a request or an answer
		for _, form := range []string{string(quoted[1 : len(quoted)-1]), h} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "***")
			}
		}
	}
	text = secretForm.ReplaceAllString(text, "***")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > helperTold {
		line = append(line[:helperTold], '…')
	}
	return string(line)
}

// limited takes output up to the bound, and lets the rest go: a helper that talks on must not block.
type limited struct {
	bytes.Buffer
	over bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	room := min(len(p), helperOutput-l.Len())
	l.over = l.over || room < len(p)
	_, _ = l.Buffer.Write(p[:room])
	return len(p), nil
}

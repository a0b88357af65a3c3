package keyapi_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// text is what must never be seen.
const text = "aks_TheTextOfTheSecretThatMustNeverBeSeenByAny11J7atX"

type (
	exported   struct{ Secret keyapi.Secret }
	unexported struct{ secret keyapi.Secret }
	pointer    struct{ secret *keyapi.Secret }
	deep       struct {
		inner  unexported
		list   []keyapi.Secret
		byName map[string]keyapi.Secret
		any    any
		key    keyapi.IdempotencyKey
	}
	embedded struct{ keyapi.IdempotencyKey }
)

// holders are the places a secret gets into.
func holders() map[string]any {
	s := keyapi.NewSecret(text)
	k := keyapi.IdempotencyKey{Secret: s}
	return map[string]any{
		"secret": s, "pointer to it": &s, "idempotency key": k, "pointer to that": &k,
		"exported field": exported{s}, "unexported field": unexported{s}, "pointer in a field": pointer{&s},
		"pointer to a struct": &unexported{s}, "embedded": embedded{k},
		"slice": []keyapi.Secret{s}, "array": [1]keyapi.Secret{s}, "slice of pointers": []*keyapi.Secret{&s},
		"map value": map[string]keyapi.Secret{"a": s}, "map key": map[keyapi.Secret]int{s: 1}, "map of structs": map[string]unexported{"a": {s}},
		"deep": deep{unexported{s}, []keyapi.Secret{s}, map[string]keyapi.Secret{"a": s}, s, k}, "in an any": []any{s, &s, unexported{s}},
		"result": keyapi.Result{AccessSecret: s}, "change": keyapi.Change{IdempotencyKey: k},
		"cause of an error": &keyapi.Error{Err: fmt.Errorf("failed with %v", s)},
	}
}

// forms are the ways in which the text could be spelled out.
func forms() []string {
	x := hex.EncodeToString([]byte(text))
	return []string{text, text[4:20], x, strings.ToUpper(x), fmt.Sprintf("% x", text), fmt.Sprint([]byte(text))} //nolint:staticcheck // the numbers are meant
}

func wantHidden(t *testing.T, how, output string) {
	t.Helper()
	for _, form := range forms() {
		if strings.Contains(output, strings.Trim(form, "[]")) {
			t.Errorf("%s shows the secret: %s", how, output)
			return
		}
	}
}

func TestSecret_EveryVerbAndFlag_HidesIt(t *testing.T) {
	for name, holder := range holders() {
		for verb := byte('!'); verb <= '~'; verb++ {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "80", ".80", "-80.80", "# "} {
				format := "%" + flags + string(verb)
				wantHidden(t, name+" with "+format, fmt.Sprintf(format, holder))
			}
		}
		wantHidden(t, name+" with Sprint", fmt.Sprint(holder))
		wantHidden(t, name+" with Errorf", fmt.Errorf("failed: %v", holder).Error())
	}
}

func TestSecret_Marshalled_HidesIt(t *testing.T) {
	for name, holder := range holders() {
		if out, err := json.Marshal(holder); err == nil {
			wantHidden(t, name+" as JSON", string(out))
		}
		if out, err := xml.Marshal(holder); err == nil {
			wantHidden(t, name+" as XML", string(out))
		}
	}
	for what, value := range map[string]any{`"***"`: keyapi.NewSecret(text), `{"***":1}`: map[keyapi.Secret]int{keyapi.NewSecret(text): 1}} {
		if out, err := json.Marshal(value); err != nil || string(out) != what {
			t.Errorf("JSON is %s (%v), want %s", out, err, what)
		}
	}
}

func TestSecret_Logged_HidesIt(t *testing.T) {
	for name, holder := range holders() {
		var out bytes.Buffer
		options := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, options), slog.NewJSONHandler(&out, options)} {
			slog.New(handler).With("with", holder).WithGroup("group").Info("done", "value", holder, slog.Group("inner", "value", holder))
		}
		if !strings.Contains(out.String(), "done") {
			t.Fatalf("%s: nothing was logged", name)
		}
		wantHidden(t, name+" in a log", out.String())
	}
}

func TestSecret_DirectForms_AreTheMask(t *testing.T) {
	s := keyapi.NewSecret(text)
	for how, got := range map[string]string{
		"String": s.String(), "GoString": s.GoString(), "%v": fmt.Sprintf("%v", s), "%s": fmt.Sprintf("%s", s),
		"%q": fmt.Sprintf("%q", s), "%x": fmt.Sprintf("%x", s), "%#v": fmt.Sprintf("%#v", s), "%+v": fmt.Sprintf("%+v", s),
		"%d": fmt.Sprintf("%d", s), "%80s": fmt.Sprintf("%80s", s), "field": strings.Trim(fmt.Sprintf("%v", exported{s}), "{}"),
		"slog": s.LogValue().String(), "zero": keyapi.Secret{}.String(),
	} {
		if got != "***" {
			t.Errorf("%s gives %q", how, got)
		}
	}
}

func TestSecret_Reveal(t *testing.T) {
	if got := keyapi.NewSecret(text).Reveal(); got != text {
		t.Errorf("revealed %q", got)
	}
	for name, s := range map[string]keyapi.Secret{"zero": {}, "empty": keyapi.NewSecret("")} {
		if !s.IsZero() || s.Reveal() != "" {
			t.Errorf("%s: is zero %v, revealed %q", name, s.IsZero(), s.Reveal())
		}
	}
	if keyapi.NewSecret(text).IsZero() {
		t.Error("a secret is none")
	}
}

// asChild makes this program panic instead of running the tests: what the runtime then prints is no part of fmt.
const asChild = "APIKEY_KEYAPI_TEST_PANIC"

func TestMain(m *testing.M) {
	name := os.Getenv(asChild)
	if name == "" {
		os.Exit(m.Run())
	}
	panics()[name]()
}

func panics() map[string]func() {
	s := keyapi.NewSecret(text)
	found := map[string]func(){
		"an error with it": func() { panic(fmt.Errorf("failed with %v: %w", s, errors.New("cause"))) },
		"a text with it":   func() { panic(fmt.Sprintf("failed with %+v", unexported{s})) },
		"again":            func() { defer func() { panic(recover()) }(); panic(s) },
		"while used": func() {
			func(s keyapi.Secret, r string) { panic("arguments are in the trace: " + r[:0]) }(s, s.Reveal())
		},
	}
	for name, holder := range holders() {
		found[name] = func() { panic(holder) }
	}
	return found
}

func TestSecret_Panics_HideIt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range panics() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), asChild+"="+name, "GOTRACEBACK=all")
			out, err := cmd.CombinedOutput()
			if err == nil || !bytes.Contains(out, []byte("panic: ")) {
				t.Fatalf("it did not panic: %v: %s", err, out)
			}
			wantHidden(t, "panic", string(out))
		})
	}
}

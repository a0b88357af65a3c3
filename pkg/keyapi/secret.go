package keyapi

import (
	"fmt"
	"log/slog"
)

// mask is all that anybody sees of a secret who did not call Reveal.
const mask = "***"

// Secret is a text that must not be seen by accident: an Access Secret, an Idempotency-Key, a one-time code. Every fmt
// verb, encoding/json and log/slog print "***" for it; only Reveal gives the text.
//
// The zero Secret is no secret at all; IsZero tells.
type Secret struct {
	// text is behind a pointer because fmt cannot call methods on unexported fields of another struct: there it prints
	// the fields raw, and of a pointer below the top level it prints only the address.
	shown string
	text  *string
}

// NewSecret hides text. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{shown: mask, text: &text}
}

// Reveal gives the text. Every call of it is a place where a secret can leak: keep them few.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero tells whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// String gives the mask.
func (s Secret) String() string { return mask }

// GoString gives the mask.
func (s Secret) GoString() string { return mask }

// Format writes the mask for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// MarshalJSON gives the mask. Code that must send a secret reveals it into a wire struct of its own.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalText gives the mask: map keys, YAML and XML go this way.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

// LogValue gives the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }

package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Bounds on hashing: each takes 19 MiB and a core for some 20 ms, so that many at once are an attack on the machine.
const (
	hashesAtATime = 2
	hashesWaiting = 16
	hashesRetry   = time.Second // after which a caller who found the queue full may try again
)

const (
	saltSize = 16
	hashSize = 32
)

// cost is the work of one argon2id hash.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// hasher makes and checks password hashes: argon2id (RFC 9106) in PHC string format.
type hasher struct {
	cost   cost
	random io.Reader
	derive func(password, salt []byte, c cost, size uint32) []byte
	queue  chan struct{} // those that run or wait
	slots  chan struct{} // those that run
}

func newHasher(random io.Reader) *hasher {
	return &hasher{
		cost: cost{memory: 19 * 1024, passes: 2, lanes: 1}, random: random,
		derive: func(password, salt []byte, c cost, size uint32) []byte {
			return argon2.IDKey(password, salt, c.passes, c.memory, c.lanes, size)
		},
		queue: make(chan struct{}, hashesAtATime+hashesWaiting), slots: make(chan struct{}, hashesAtATime),
	}
}

// hash makes the hash of a new password. Errors: see run.
func (h *hasher) hash(ctx context.Context, password keyapi.Secret) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	sum, err := h.run(ctx, password, salt, h.cost, hashSize)
	return phc(h.cost, salt, sum), err
}

// verify tells whether a password is the one of a hash. For no hash it does the same work on one that no password is
// known to have. Errors: see run.
func (h *hasher) verify(ctx context.Context, encoded string, password keyapi.Secret) (bool, error) {
	if encoded == "" {
		encoded = phc(h.cost, make([]byte, saltSize), make([]byte, hashSize))
	}
	c, salt, want, err := parsePHC(encoded)
	if err != nil {
		return false, err
	}
	sum, err := h.run(ctx, password, salt, c, uint32(len(want)))
	return err == nil && subtle.ConstantTimeCompare(sum, want) == 1, err
}

// run does the work of one hash when its turn comes. Errors: CodeRateLimited if too many wait; that of ctx.
func (h *hasher) run(ctx context.Context, password keyapi.Secret, salt []byte, c cost, size uint32) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, tooManyAtOnce()
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return h.derive([]byte(password.Reveal()), salt, c, size), nil
}

func tooManyAtOnce() error {
	err := keyapi.Errorf(keyapi.CodeRateLimited, "Too many people are signing in at this moment", "Try again in a second.")
	err.RetryAfter = hashesRetry
	return err
}

// phc writes the PHC string of a hash.
func phc(c cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.memory, c.passes, c.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// parsePHC reads a PHC string that phc wrote, maybe with another cost.
func parsePHC(text string) (c cost, salt, sum []byte, err error) {
	malformed := errors.New("a stored password hash is not well-formed")
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, malformed
	}
	_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes)
	if err != nil || c.passes == 0 || c.lanes == 0 {
		return c, nil, nil, malformed
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(sum) == 0 {
		return c, nil, nil, malformed
	}
	return c, salt, sum, nil
}

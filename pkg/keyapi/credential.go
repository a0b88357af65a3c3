package keyapi

import (
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"
)

// The alphabets and sizes of the credentials. Both use only [A-Za-z0-9_], so that a double click selects the whole and
// no shell, URL or HTTP header needs to escape them.
const (
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base32: no I, L, O, U
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	accessKeyPrefix = "AK"
	accessKeyDigits = 18 // 90 bits

	secretPrefix   = "aks_"
	secretDigits   = 43 // 256 bits
	checksumDigits = 6  // 32 bits

	idempotencyPrefix = "ik_"
	idempotencyDigits = 22 // ≥ 128 bits
)

// IdempotencyKey is the name of one attempt to act, chosen by the caller: "ik_" and 22 base62 characters. Who has it
// can recover the secret the attempt made, so it is a secret itself.
type IdempotencyKey struct{ Secret }

// NewIdempotencyKey draws a fresh Idempotency-Key of 130 random bits from random. Its error is that of random.
func NewIdempotencyKey(random io.Reader) (IdempotencyKey, error) {
	digits, err := randomDigits(random, base62, idempotencyDigits)
	if err != nil {
		return IdempotencyKey{}, err
	}
	return IdempotencyKey{NewSecret(idempotencyPrefix + digits)}, nil
}

// ParseIdempotencyKey checks the form of an Idempotency-Key. Error: CodeInvalidRequest.
func ParseIdempotencyKey(text string) (IdempotencyKey, error) {
	if !wellFormed(text, idempotencyPrefix, base62, idempotencyDigits) {
		return IdempotencyKey{}, Errorf(CodeInvalidRequest, "The Idempotency-Key is not well-formed",
			`It is "ik_" and 22 characters of [0-9A-Za-z].`)
	}
	return IdempotencyKey{NewSecret(text)}, nil
}

// NewAccessKey draws an Access Key of 90 random bits from random: "AK" and 18 characters of Crockford's base32.
func NewAccessKey(random io.Reader) (string, error) {
	digits, err := randomDigits(random, crockford, accessKeyDigits)
	if err != nil {
		return "", err
	}
	return accessKeyPrefix + digits, nil
}

// ParseAccessKey checks the form of an Access Key. Error: CodeInvalidRequest.
func ParseAccessKey(text string) (string, error) {
	if !wellFormed(text, accessKeyPrefix, crockford, accessKeyDigits) {
		return "", Errorf(CodeInvalidRequest, "The Access Key is not well-formed",
			`An Access Key is "AK" and 18 capital letters and digits. Copy it again.`)
	}
	return text, nil
}

// NewAccessSecret draws an Access Secret of 256 random bits from random: "aks_", 43 base62 characters and 6 base62
// characters of the CRC-32 (IEEE) over what precedes them.
func NewAccessSecret(random io.Reader) (Secret, error) {
	return newToken(random, secretPrefix)
}

// ParseAccessSecret checks the form and the checksum of an Access Secret, so that a mistyped one is found without
// asking anybody. Error: CodeInvalidRequest, whose text does not repeat the secret.
func ParseAccessSecret(text string) (Secret, error) {
	if !wellFormed(text, secretPrefix, base62, secretDigits+checksumDigits) {
		return Secret{}, Errorf(CodeInvalidRequest, "The Access Secret is not well-formed",
			`An Access Secret is "aks_" and 49 letters and digits. Copy it again.`)
	}
	if !checks(text) {
		return Secret{}, Errorf(CodeInvalidRequest, "The Access Secret has a typing error: its checksum does not fit",
			"Copy it again, whole.")
	}
	return NewSecret(text), nil
}

// newToken draws 256 random bits from random and writes them after a prefix, with their checksum.
func newToken(random io.Reader, prefix string) (Secret, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Secret{}, err
	}
	body := prefix + inBase62(new(big.Int).SetBytes(raw[:]), secretDigits)
	return NewSecret(body + checksum(body)), nil
}

// checks tells whether the checksum of a well-formed token fits.
func checks(text string) bool {
	body, sum := text[:len(text)-checksumDigits], text[len(text)-checksumDigits:]
	return checksum(body) == sum
}

func checksum(body string) string {
	return inBase62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(body)))), checksumDigits)
}

// inBase62 writes n in exactly width base62 digits.
func inBase62(n *big.Int, width int) string {
	out := make([]byte, width)
	base, digit := big.NewInt(62), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}

// randomDigits draws count digits of an alphabet, each with the same probability: a byte beyond the last whole multiple
// of the alphabet's size is drawn again.
func randomDigits(random io.Reader, alphabet string, count int) (string, error) {
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, count)
	for len(out) < count {
		raw := make([]byte, count-len(out))
		if _, err := io.ReadFull(random, raw); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		for _, b := range raw {
			if int(b) < limit {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out), nil
}

func wellFormed(text, prefix, alphabet string, digits int) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	return ok && len(rest) == digits && strings.Trim(rest, alphabet) == ""
}

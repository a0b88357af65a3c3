package keyapi

import (
	"io"
	"math/big"
)

// sessionPrefix makes a session token, like an Access Secret, a text that scanners for leaked secrets can find.
const sessionPrefix = "aps_"

// NewSessionToken draws the token of a session, 256 random bits, from random: "aps_", 43 base62 characters and 6 base62
// characters of the CRC-32 (IEEE) over what precedes them. Its error is that of random.
func NewSessionToken(random io.Reader) (Secret, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Secret{}, err
	}
	body := sessionPrefix + inBase62(new(big.Int).SetBytes(raw[:]), secretDigits)
	return NewSecret(body + checksum(body)), nil
}

// ParseSessionToken checks the form and the checksum of a session token. Error: CodeInvalidRequest, whose text does not
// repeat the token.
func ParseSessionToken(text string) (Secret, error) {
	if wellFormed(text, sessionPrefix, base62, secretDigits+checksumDigits) {
		body, sum := text[:len(text)-checksumDigits], text[len(text)-checksumDigits:]
		if checksum(body) == sum {
			return NewSecret(text), nil
		}
	}
	return Secret{}, Errorf(CodeInvalidRequest, "The session token is not well-formed",
		`It is "aps_" and 49 letters and digits. Copy it again, whole.`)
}

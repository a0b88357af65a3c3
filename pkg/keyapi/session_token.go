package keyapi

import "io"

// sessionPrefix makes a session token, like an Access Secret, a text that scanners for leaked secrets can find.
const sessionPrefix = "aps_"

// NewSessionToken draws the token of a session, 256 random bits, from random: "aps_", 43 base62 characters and 6 base62
// characters of the CRC-32 (IEEE) over what precedes them. Its error is that of random.
func NewSessionToken(random io.Reader) (Secret, error) {
	return newToken(random, sessionPrefix)
}

// ParseSessionToken checks the form and the checksum of a session token. Error: CodeInvalidRequest, whose text does not
// repeat the token.
func ParseSessionToken(text string) (Secret, error) {
	if wellFormed(text, sessionPrefix, base62, secretDigits+checksumDigits) && checks(text) {
		return NewSecret(text), nil
	}
	return Secret{}, Errorf(CodeInvalidRequest, "The session token is not well-formed",
		`It is "aps_" and 49 letters and digits. Copy it again, whole.`)
}

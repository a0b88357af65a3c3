package accesstoken

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// said is the payload of a token as Mint writes it.
type said struct {
	Issuer     string `json:"iss"`
	Subject    string `json:"sub"`
	ClientID   string `json:"client_id"`
	Audience   string `json:"aud"`
	ExpiresAt  int64  `json:"exp"`
	IssuedAt   int64  `json:"iat"`
	ID         string `json:"jti"`
	Generation int64  `json:"gen"`
}

// Reread gives what a token says that Verify accepted before: the very same text. It checks nothing. ok is false for what
// is no token.
func Reread(token string) (c Claims, ok bool) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, ok := strings.Cut(rest, ".")
	if !ok {
		return Claims{}, false
	}
	var room [512]byte
	text, err := base64.RawURLEncoding.AppendDecode(room[:0], []byte(payload))
	if err != nil {
		return Claims{}, false
	}
	var s said
	if !s.scan(string(text)) && json.Unmarshal(text, &s) != nil {
		return Claims{}, false
	}
	return Claims{
		Issuer: s.Issuer, Subject: s.Subject, ClientID: s.ClientID, Audience: s.Audience, ID: s.ID, Generation: s.Generation,
		IssuedAt: time.Unix(s.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(s.ExpiresAt, 0).UTC(),
	}, true
}

// scan reads the form that Mint writes, if no text in it needed an escape. It takes a tenth of the library's time.
func (s *said) scan(text string) bool {
	return cutText(&text, `{"iss":"`, &s.Issuer) && cutText(&text, `,"sub":"`, &s.Subject) &&
		cutText(&text, `,"client_id":"`, &s.ClientID) && cutText(&text, `,"aud":"`, &s.Audience) &&
		cutNumber(&text, `,"exp":`, &s.ExpiresAt) && cutNumber(&text, `,"iat":`, &s.IssuedAt) &&
		cutText(&text, `,"jti":"`, &s.ID) && cutNumber(&text, `,"gen":`, &s.Generation) && text == "}"
}

// cutText cuts a member off that is a text, up to its closing quote.
func cutText(text *string, before string, into *string) bool {
	rest, ok := strings.CutPrefix(*text, before)
	if !ok {
		return false
	}
	*into, *text, ok = strings.Cut(rest, `"`)
	return ok && !strings.Contains(*into, `\`)
}

// cutNumber cuts a member off that is a number.
func cutNumber(text *string, before string, into *int64) bool {
	rest, ok := strings.CutPrefix(*text, before)
	if !ok {
		return false
	}
	n := 0
	for ; n < len(rest) && n < 18 && rest[n] >= '0' && rest[n] <= '9'; n++ {
		*into = *into*10 + int64(rest[n]-'0')
	}
	*text = rest[n:]
	return n > 0 && n < 18
}

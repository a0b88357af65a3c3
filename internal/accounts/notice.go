package accounts

import (
	"time"

	"github.com/apikey-cli/apikey/internal/store"
)

// NoticeKind names what the person of an account should know of.
type NoticeKind string

// The kinds of notices.
const (
	NoticeLockedOut        NoticeKind = "locked-out"         // somebody had the password and gave wrong codes
	NoticeMFAEnabled       NoticeKind = "mfa-enabled"        //
	NoticeMFADisabled      NoticeKind = "mfa-disabled"       // by the person or the operator
	NoticeRecoveryCodes    NoticeKind = "recovery-codes"     // there are new ones, the others count no more
	NoticeRecoveryCodeUsed NoticeKind = "recovery-code-used" //
	NoticePasswordSet      NoticeKind = "password-set"       //
	NoticePipelineSession  NoticeKind = "pipeline-session"   // one was made
)

// Notice is what the person of an account should know of, by mail or otherwise. It holds no secret.
type Notice struct {
	Kind  NoticeKind
	Login string
	Email string // "" if none is known
	At    time.Time
	From  string    // network address; "" for the operator
	Until time.Time // end of a lock-out
}

func (s *Service) notice(kind NoticeKind, a store.Account, from Origin) Notice {
	return Notice{Kind: kind, Login: a.Login, Email: a.Email, At: s.now(), From: from.Address}
}

package daemon

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/apikey-cli/apikey/internal/accounts"
	"github.com/apikey-cli/apikey/internal/command"
	"github.com/apikey-cli/apikey/internal/datadir"
	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

func accountCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "Manage the accounts of the service",
		Long: "Manages the accounts of the service, on its database: a server may run on it\n" +
			"at the same time, and need not.",
		Args: command.NoSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(accountAddCommand(env), accountListCommand(env), accountShowCommand(env))
	for _, v := range accountVerbs {
		cmd.AddCommand(v.build(env))
	}
	cmd.AddCommand(accountSetEmailCommand(env), accountSetPasswordCommand(env), accountRemoveCommand(env))
	return cmd
}

// login wants the login of an account.
func login() cobra.PositionalArgs { return command.OneArg("the login of an account") }

// withAccounts runs fn with the accounts of the service.
func (s *session) withAccounts(ctx context.Context, fn func(*accounts.Service) error) error {
	return s.withData(ctx, func(data *datadir.Service) error { return fn(s.accounts(data)) })
}

// accountJSON is an account in a list.
type accountJSON struct {
	Login      string        `json:"login"`
	Email      *string       `json:"email"`
	Permitted  bool          `json:"permitted"`
	Locked     bool          `json:"locked"`
	MFAEnabled bool          `json:"mfaEnabled"`
	Status     keyapi.Status `json:"status"`
	AccessKey  *string       `json:"accessKey"`
	ExpiresAt  *time.Time    `json:"expiresAt"`
	LastUsedAt *time.Time    `json:"lastUsedAt"`
	CreatedAt  time.Time     `json:"createdAt"`
}

// detailsJSON is an account by itself.
type detailsJSON struct {
	Schema int `json:"schema"`
	accountJSON
	HasPassword       bool       `json:"hasPassword"`
	RecoveryCodesLeft int        `json:"recoveryCodesLeft"`
	Sessions          int        `json:"sessions"`
	LockedOutUntil    *time.Time `json:"lockedOutUntil"`
}

func (s *session) accountObject(a store.Account) accountJSON {
	return accountJSON{
		Login: a.Login, Email: orNull(a.Email), Permitted: a.Permitted, Locked: a.Locked, MFAEnabled: a.MFAEnabled,
		Status: a.Key.Status(s.env.Now()), AccessKey: orNull(a.Key.AccessKey), ExpiresAt: timeOrNull(a.Key.ExpiresAt()),
		LastUsedAt: timeOrNull(a.LastUsedAt), CreatedAt: a.CreatedAt.UTC(),
	}
}

// showAccount gives an account as it is now.
func (s *session) showAccount(ctx context.Context, people *accounts.Service, login string) error {
	d, err := people.Show(ctx, login)
	if err != nil {
		return err
	}
	status := d.Key.Status(s.env.Now())
	rows := [][]string{
		{"Login", d.Login}, {"Email", d.Email}, {"May have a key", yesNo(d.Permitted)}, {"Locked", yesNo(d.Locked)},
		{"Password", setOrNot(d.HasPassword)}, {"MFA", yesNo(d.MFAEnabled)}, {"Recovery codes left", strconv.Itoa(d.RecoveryCodesLeft)},
		{"Sessions", strconv.Itoa(len(d.Sessions))}, {"Created", s.out.Moment(d.CreatedAt)}, {"Key", string(status)},
	}
	if status != keyapi.StatusNone {
		rows = append(rows, []string{"Access Key", d.Key.AccessKey}, []string{"Expires", s.out.Moment(d.Key.ExpiresAt())},
			[]string{"Last used", s.out.Moment(d.LastUsedAt)})
	}
	if !d.LockedOutUntil.IsZero() {
		rows = append(rows, []string{"No codes until", s.out.Moment(d.LockedOutUntil)})
	}
	return s.print(result{
		object: detailsJSON{
			Schema: keyapi.Schema, accountJSON: s.accountObject(d.Account), HasPassword: d.HasPassword,
			RecoveryCodesLeft: d.RecoveryCodesLeft, Sessions: len(d.Sessions), LockedOutUntil: timeOrNull(d.LockedOutUntil),
		},
		title: "Account", rows: rows,
	})
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

func setOrNot(set bool) string {
	if set {
		return "set"
	}
	return "not set"
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOrNull gives a time as all results are: UTC, to the second.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

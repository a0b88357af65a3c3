package keyapi

// What happens to the account itself, as the audit trail names it. These are no actions on the key: API has no method
// for them, and their events name no Access Key.
const (
	ActionAccountAdd       Action = "account-add"
	ActionAccountLock      Action = "account-lock"
	ActionAccountUnlock    Action = "account-unlock"
	ActionEmailSet         Action = "email-set"
	ActionMFAEnable        Action = "mfa-enable"
	ActionMFADisable       Action = "mfa-disable"
	ActionPasswordSet      Action = "password-set"
	ActionPermissionGrant  Action = "permission-grant"
	ActionPermissionRevoke Action = "permission-revoke"
	ActionRecoveryCodes    Action = "recovery-codes"    // ten new ones replaced the others
	ActionRecoveryCodeUse  Action = "recovery-code-use" // one was spent
	ActionSessionCreate    Action = "session-create"    // of a pipeline
	ActionSessionRevoke    Action = "session-revoke"
	ActionRestore          Action = "restore" // the account came back from a copy of the service's database
)

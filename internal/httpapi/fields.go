package httpapi

import (
	"fmt"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// fieldTexts says in the document what the fields of the wire are, by schema and name.
var fieldTexts = map[string]map[string]string{
	"Problem": {
		"type":      "Always about:blank: the code says it all.",
		"title":     "What the status is called.",
		"status":    "The status of the reply.",
		"detail":    "What happened, for people.",
		"code":      "What happened, for programs.",
		"requestId": "The X-Request-Id of the reply.",
		"actions":   "The actions that are open instead.",
		"hint":      "What to do, for people.",
	},
	"Key": {
		"schema":     "Version of the object; it grows only when a field changes its meaning.",
		"account":    "Login of the account.",
		"status":     "State of the key now. Expired is computed from the clock.",
		"usable":     "Active, and the account has what the service requires.",
		"blockedBy":  "Why it is not usable; empty when it is.",
		"accessKey":  "Public identifier of the key: the client_id of the token endpoint.",
		"createdAt":  "When the key was made.",
		"expiresAt":  "One calendar year after it was made.",
		"lastUsedAt": "To the minute; null if it was never used.",
		"previous":   "A replaced key in its grace period, or null.",
		"revision":   "Number of changes to the account's key so far; it is the ETag too.",
		"mfaEnabled": "Whether the account has multi-factor authentication on.",
		"actions":    "The actions that are open now.",
	},
	"Previous": {
		"accessKey": "The replaced Access Key.",
		"endsAt":    "From this instant on its secret is refused.",
	},
	"Changed": {"changed": "False if it was already so."},
	"Secret":  {"accessSecret": "The secret, this one time."},
	"Regenerate": {
		"graceSeconds": "How long the replaced key goes on working, if it is active now. Without it, it ends at once.",
	},
	"Events": {
		"schema":     "Version of the object.",
		"items":      "Newest first.",
		"nextCursor": "Where the next page begins; null after the last.",
	},
	"Event": {
		"at":        "When it was done.",
		"action":    "What was done. More may come.",
		"actor":     "Login that did it, or login/name of a pipeline's session.",
		"from":      "Network address it came from.",
		"userAgent": "Program that did it.",
		"accessKey": "The key it was done to.",
		"revision":  "The account's revision after it.",
	},
	"Sessions": {
		"schema":     "Version of the object.",
		"items":      "Newest first.",
		"nextCursor": "Always null: there is one page.",
	},
	"Session": {
		"id":         "Its public name.",
		"kind":       "Whose it is.",
		"name":       "Of a pipeline's session; null for a person's.",
		"allow":      "What a pipeline's session may do; null for a person, who may do all.",
		"createdAt":  "When it was made.",
		"expiresAt":  "When it ends by itself. A person's ends after 7 days without use, too.",
		"lastUsedAt": "To the minute; null if it was never used.",
		"from":       "Network address it was made from.",
		"userAgent":  "Program it was made with.",
		"current":    "Whether it is the one this request came with.",
	},
	"Pipeline": {"token": "What the pipeline sends, this one time."},
	"PipelineRequest": {
		"name":       "What the audit trail calls it: 1 to 32 of a-z 0-9 and -. No other running session has it.",
		"allow":      "What it may do. status is always in it.",
		"ttlSeconds": "How long it lasts: at most a year.",
	},
	"SignIn": {
		"loginId":      "Login of the account.",
		"password":     "Its password.",
		"otp":          "Six digits of the authenticator.",
		"recoveryCode": "Instead of otp. It is spent by it.",
	},
	"SignedIn": {
		"token":      "Send it as Authorization: Bearer.",
		"expiresAt":  "When the session ends by itself.",
		"mfaEnabled": "Whether the account has multi-factor authentication on.",
	},
	"Verify": {
		"otp":          "Six digits of the authenticator.",
		"recoveryCode": "Instead of otp. It is spent by it.",
	},
	"Verified": {"verifiedUntil": "Until then no other code is asked for."},
	"Account": {
		"schema":            "Version of the object.",
		"login":             "What one signs in as.",
		"email":             "Where notices go.",
		"permitted":         "Whether it may have a key.",
		"mfaEnabled":        "Whether it has multi-factor authentication on.",
		"mfaRequired":       "Whether this service wants multi-factor authentication before a key can work.",
		"recoveryCodesLeft": "How many recovery codes are not spent yet.",
		"createdAt":         "When the account was made.",
		"session":           "The session of this request.",
	},
	"Seed": {
		"secret":     "In base32, to type into the authenticator.",
		"otpauthUri": "The same as a URI, for a QR code.",
	},
	"Confirm": {"code": "Six digits of the authenticator."},
	"RecoveryCodes": {
		"recoveryCodes": "Each stands in for a code of the authenticator once. They are shown this one time.",
	},
	"Disable": {
		"password": "The account's password.",
		"code":     "Six digits of the authenticator, or a recovery code.",
	},
	"Health": {"status": "Always ok."},
}

// fieldValues says in the document which values the items of a list have.
var fieldValues = map[string][]any{
	"Key.actions": {
		keyapi.ActionGenerate, keyapi.ActionDisable, keyapi.ActionActivate, keyapi.ActionRegenerate, keyapi.ActionDelete,
		keyapi.ActionDeletePrevious,
	},
	"Key.blockedBy": {
		keyapi.BlockNoKey, keyapi.BlockDisabled, keyapi.BlockExpired, keyapi.BlockMFANotEnabled, keyapi.BlockNotPermitted,
	},
	"Session.allow":         {"status", "generate", "disable", "activate", "regenerate", "delete", "history"},
	"PipelineRequest.allow": {"status", "generate", "disable", "activate", "regenerate", "delete", "history"},
}

// describe puts the texts into the schemas. Error: a field without a text, or a text without a field.
func describe(schemas map[string]*huma.Schema) error {
	for name, schema := range schemas {
		for field, of := range schema.Properties {
			of.Description = fieldTexts[name][field]
			if of.Description == "" {
				return fmt.Errorf("%s.%s is not described", name, field)
			}
			if values := fieldValues[name+"."+field]; values != nil {
				of.Items.Enum = values
			}
		}
		for _, field := range slices.Sorted(maps.Keys(fieldTexts[name])) {
			if schema.Properties[field] == nil {
				return fmt.Errorf("there is no %s.%s", name, field)
			}
		}
	}
	return nil
}

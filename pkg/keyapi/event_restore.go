package keyapi

// ActionRestore is no action of API: it stands in the audit trail of an account that was brought back from a copy of the
// service's database.
const ActionRestore Action = "restore"

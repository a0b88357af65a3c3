package custody

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/apikey-cli/apikey/internal/durable"
	"github.com/apikey-cli/apikey/internal/failpoint"
	"github.com/apikey-cli/apikey/internal/keeping"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// record is the pending record: what is needed to ask, after a crash, what became of a call that made a secret. It is
// written and fsynced before the call and dropped when the secret rests. With its Idempotency-Key the secret can be
// recovered, so it is as private as a secret.
type record struct {
	Operation keyapi.Action `json:"operation"`
	Grace     time.Duration `json:"graceNanoseconds,omitempty"`
	Revision  *int64        `json:"revision,omitempty"` // of If-Match
	Instance  string        `json:"instance"`
	Login     string        `json:"login"`
	Target    string        `json:"target"`
	At        time.Time     `json:"at"`
	Key       string        `json:"idempotencyKey"`
}

// answers tells whether the record's result is what an intent asks for. An intent without an action asks for whatever
// secret there is.
func (r record) answers(in Intent) bool {
	return in.Action == "" || r.Operation == in.Action && r.Grace == in.Grace
}

// deadline is the instant after which the service has forgotten the reply.
func (r record) deadline() time.Time { return r.At.Add(keyapi.RecoverableFor) }

func (c *Custodian) recordPath() string { return filepath.Join(c.account(), "pending.json") }

func (c *Custodian) writeRecord(in Intent, to target, change keyapi.Change) error {
	return keeping.Failed(durable.WriteJSON(c.recordPath(), record{
		Operation: in.Action, Grace: in.Grace, Revision: change.IfMatch, Instance: c.Service.Instance,
		Login: c.Service.Login, Target: to.String(), At: c.Now().UTC(), Key: change.IdempotencyKey.Reveal(),
	}))
}

func (c *Custodian) hasRecord() bool {
	_, err := os.Lstat(c.recordPath())
	return err == nil
}

// readRecord gives the pending record of this account, or found false. A record that is damaged or names another
// account cannot be used for anything; it is dropped with a notice rather than standing in the way for ever.
func (c *Custodian) readRecord() (r record, found bool, err error) {
	data, err := os.ReadFile(c.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, keeping.Failed(err)
	}
	err = json.Unmarshal(data, &r)
	if err == nil {
		_, err = keyapi.ParseIdempotencyKey(r.Key)
	}
	if err != nil || r.Instance != c.Service.Instance || r.Login != c.Service.Login {
		c.Notice("The record of an unfinished action could not be read and was dropped.")
		return record{}, false, c.dropRecord()
	}
	return r, true, nil
}

// dropRecord removes the pending record, durably: one that came back after a power failure would pass for the result
// of the next command.
func (c *Custodian) dropRecord() error {
	if err := durable.Remove(c.recordPath()); err != nil {
		return keeping.Failed(err)
	}
	failpoint.Hit("record-dropped")
	return nil
}

// Unfinished tells whether an earlier action was cut short, and until when its secret can be recovered. It only looks.
func (c *Custodian) Unfinished() (operation keyapi.Action, until time.Time, found bool) {
	data, err := os.ReadFile(c.recordPath())
	if err != nil {
		return "", time.Time{}, false
	}
	var r record
	if json.Unmarshal(data, &r) != nil || !c.Now().Before(r.deadline()) {
		return "", time.Time{}, false
	}
	err = c.ifUnlocked(context.Background(), 1, func() error { found = true; return nil })
	return r.Operation, r.deadline(), found && err == nil
}

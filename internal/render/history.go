package render

import (
	"strconv"
	"strings"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

type listJSON struct {
	Schema     int            `json:"schema"`
	Items      []keyapi.Event `json:"items"`
	NextCursor *string        `json:"nextCursor"`
}

// History writes a page of the audit trail: as a table on a terminal, as tab-separated lines elsewhere.
func (p *Printer) History(page keyapi.EventPage) error {
	if p.JSON {
		return p.Object(listJSON{Schema: keyapi.Schema, Items: page.Items, NextCursor: nonempty(page.NextCursor)})
	}
	rows := make([][]string, len(page.Items))
	for i, e := range page.Items {
		rows[i] = []string{p.moment(e.At), string(e.Action), e.Actor, e.AccessKey, strconv.FormatInt(e.Revision, 10)}
	}
	if p.TTY {
		return p.table([]string{"When", "Action", "By", "Access Key", "Rev"}, rows)
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Join(row, "\t") + "\n")
	}
	_, err := p.Out.Write([]byte(out.String()))
	return err
}

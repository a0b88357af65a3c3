// Package render turns results into text: for people (a table on a terminal, "name: value" lines when piped) and for
// programs (one JSON object, or what a jq expression makes of it). It decides nothing and asks nobody.
package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/itchyny/gojq"

	"github.com/apikey-cli/apikey/internal/term"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Printer writes results to one stream in the form the user chose.
type Printer struct {
	Out   io.Writer
	TTY   bool // Out is a terminal
	Color bool
	Width int // columns of the terminal
	JSON  bool
	Query *gojq.Code // of --jq, or nil
	Now   func() time.Time
}

// CompileQuery prepares a jq expression. Error: CodeUsage.
func CompileQuery(expr string) (*gojq.Code, error) {
	query, err := gojq.Parse(expr)
	if err == nil {
		var code *gojq.Code
		if code, err = gojq.Compile(query); err == nil {
			return code, nil
		}
	}
	return nil, &keyapi.Error{
		Code: keyapi.CodeUsage, Message: "The --jq expression is not valid", Err: err, Hint: "See the manual of jq for the language.",
	}
}

// Object writes a value as one JSON object: indented on a terminal, on one line elsewhere; or, with a query, what the
// query gives: strings raw, everything else as JSON, one result a line.
func (p *Printer) Object(value any) error {
	if p.Query != nil {
		return p.query(value)
	}
	var out bytes.Buffer // one write: half an object is of no use
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // the & of an address stays one
	if p.TTY {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(value); err != nil {
		return err
	}
	_, err := p.Out.Write(out.Bytes())
	return err
}

func (p *Printer) query(value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	results := p.Query.Run(plain)
	for {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := result.(error); failed {
			return &keyapi.Error{
				Code: keyapi.CodeUsage, Message: "The --jq expression failed", Err: err, Hint: "Run it without --jq to see the object.",
			}
		}
		if text, isText := result.(string); isText {
			_, err = fmt.Fprintln(p.Out, text)
		} else if data, err = gojq.Marshal(result); err == nil {
			_, err = p.Out.Write(append(data, '\n'))
		}
		if err != nil {
			return err
		}
	}
}

// paint colours text if colour is on.
func (p *Printer) paint(style term.Style, text string) string {
	return term.Paint(p.Color, style, text)
}

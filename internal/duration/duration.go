// Package duration reads and writes the lengths of time people type: Go's durations, plus d for days of 24 hours.
package duration

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// mostDays keeps a sum with days far from the end of what a time.Duration can hold.
const mostDays = 100_000

// Parse reads a duration such as 30d, 1d12h, 90m or 0. Negative ones are refused. Its error is one clause for people.
func Parse(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration such as 30s, 24h, 30d or 1d12h", text)
	count, rest, hasDays := strings.Cut(text, "d")
	if !hasDays {
		count, rest = "0", text
	}
	days, err := strconv.ParseUint(count, 10, 32)
	if err != nil || days > mostDays {
		return 0, wrong
	}
	total := time.Duration(days) * Day
	if hasDays && rest == "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || strings.HasPrefix(rest, "+") || d < 0 || total+d < total {
		return 0, wrong
	}
	return total + d, nil
}

// Value is a duration as a command-line flag.
type Value struct {
	Duration time.Duration
	Given    bool // whether the flag was used
}

// Set implements pflag.Value.
func (v *Value) Set(text string) (err error) {
	v.Duration, err = Parse(text)
	v.Given = err == nil
	return err
}

// String implements pflag.Value.
func (v *Value) String() string {
	if !v.Given {
		return ""
	}
	return v.Duration.String()
}

// Type implements pflag.Value.
func (v *Value) Type() string { return "duration" }

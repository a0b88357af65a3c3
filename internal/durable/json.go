package durable

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// ReadJSON reads a file of JSON into v. A file that is not there is no error, and leaves v as it is.
func ReadJSON(path string, v any) (found bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(data, v)
}

// WriteJSON is WriteFile with v as a line of JSON.
func WriteJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return WriteFile(path, append(data, '\n'))
}

package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/apikey-cli/apikey/internal/durable"
)

// Set writes one setting of a profile to config.yaml.
func Set(dir, profile, name, value string) error {
	return Write(dir, profile, Value{name, value})
}

// Write writes settings of a profile to config.yaml, and makes both if they are missing. A value without a text is
// left out.
func Write(dir, profile string, values ...Value) error {
	return edit(dir, func(root *yaml.Node) error {
		profiles, err := child(root, "profiles", yaml.MappingNode)
		if err != nil {
			return err
		}
		node, err := child(profiles, profile, yaml.MappingNode)
		if err != nil {
			return err
		}
		for _, v := range values {
			if v.Text == "" {
				continue
			}
			leaf, err := child(node, v.Name, yaml.ScalarNode)
			if err != nil {
				return err
			}
			leaf.SetString(v.Text)
		}
		return nil
	})
}

// SetCurrent makes a profile the one that is used where none is named.
func SetCurrent(dir, profile string) error {
	return edit(dir, func(root *yaml.Node) error {
		leaf, err := child(root, "current", yaml.ScalarNode)
		if err != nil {
			return err
		}
		leaf.SetString(profile)
		return nil
	})
}

// Remove removes a profile from config.yaml. If it was the current one, none is.
func Remove(dir, profile string) error {
	return edit(dir, func(root *yaml.Node) error {
		profiles, err := child(root, "profiles", yaml.MappingNode)
		if err != nil {
			return err
		}
		if err := cut(profiles, profile); err != nil {
			return err
		}
		if len(profiles.Content) == 0 {
			if err := cut(root, "profiles"); err != nil {
				return err
			}
		}
		current, err := child(root, "current", yaml.ScalarNode)
		if err != nil {
			return err
		}
		if current.Value == profile || current.Value == "" {
			return cut(root, "current")
		}
		return nil
	})
}

// edit changes config.yaml. It edits the document's nodes, so that comments and the order people chose stay as they
// are. A document that is not understood is left alone.
func edit(dir string, change func(root *yaml.Node) error) error {
	path := filepath.Join(dir, fileName)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a linked file of somebody's dotfiles stays a link
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	if doc.Kind == 0 {
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	if err := change(doc.Content[0]); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return err
	}
	if err := durable.MkdirAll(dir); err != nil {
		return err
	}
	return durable.WriteFile(path, out.Bytes())
}

// cut removes a key of a mapping, with its value and the comments of both.
func cut(parent *yaml.Node, key string) error {
	if parent.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d is not a mapping", parent.Line)
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == key {
			parent.Content = slices.Delete(parent.Content, i, i+2)
			return nil
		}
	}
	return nil
}

// child gives the value of a key of a mapping, and makes it if it is missing or null.
func child(parent *yaml.Node, key string, kind yaml.Kind) (*yaml.Node, error) {
	if parent.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d is not a mapping", parent.Line)
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value != key {
			continue
		}
		if found := parent.Content[i+1]; found.Tag != "!!null" {
			return found, nil
		}
		parent.Content[i+1] = &yaml.Node{Kind: kind}
		return parent.Content[i+1], nil
	}
	name, value := &yaml.Node{}, &yaml.Node{Kind: kind}
	name.SetString(key)
	parent.Content = append(parent.Content, name, value)
	return value, nil
}

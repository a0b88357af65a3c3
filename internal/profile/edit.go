package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/apikey-cli/apikey/internal/durable"
)

// Set writes one setting of a profile to config.yaml. It edits the document's nodes, so that comments and the order
// people chose stay as they are.
func Set(dir, profile, name, value string) error {
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
	node := doc.Content[0]
	for _, key := range []string{"profiles", profile} {
		if node, err = child(node, key, yaml.MappingNode); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	leaf, err := child(node, name, yaml.ScalarNode)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	leaf.SetString(value)
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

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// link matches the target of a link or picture in Markdown.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// linksOf gives the files of the source that a page links to, as paths from the root of the source.
func linksOf(t *testing.T, page string) (targets []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range link.FindAllStringSubmatch(string(text), -1) {
		target, _, _ := strings.Cut(found[1], "#")
		if target != "" && !strings.Contains(target, "://") {
			targets = append(targets, filepath.Join(filepath.Dir(page), target))
		}
	}
	return targets
}

// pages gives every page of the docs, and the README.
func pages(t *testing.T) (pages []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(moduleRoot), "docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, "README.md")
}

// TestDocs_NoLinkIsDead: what a page links to is there.
func TestDocs_NoLinkIsDead(t *testing.T) {
	for _, page := range pages(t) {
		for _, target := range linksOf(t, page) {
			if _, err := os.Stat(filepath.Join(moduleRoot, target)); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestDocs_EveryPageIsInTheIndex: whoever begins at docs/README.md finds every page, directly or by the index of its folder.
func TestDocs_EveryPageIsInTheIndex(t *testing.T) {
	const index = "docs/README.md"
	listed := linksOf(t, index)
	for _, target := range slices.Clone(listed) {
		if filepath.Base(target) == "README.md" && target != "README.md" {
			listed = append(listed, linksOf(t, target)...)
		}
	}
	for _, page := range pages(t) {
		if page != index && page != "README.md" && !slices.Contains(listed, page) {
			t.Errorf("%s is in no index", page)
		}
	}
	if !slices.Contains(linksOf(t, "README.md"), index) {
		t.Errorf("README.md does not link to %s", index)
	}
}

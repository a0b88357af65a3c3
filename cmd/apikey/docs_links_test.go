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

// heading matches the titles a link can lead to within a page.
var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// linksOf gives what a page links to in the source, as paths from the root of the source.
func linksOf(t *testing.T, page string) (targets []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range link.FindAllStringSubmatch(string(text), -1) {
		switch {
		case strings.Contains(found[1], "://"):
		case strings.HasPrefix(found[1], "#"):
			targets = append(targets, page+found[1])
		default:
			targets = append(targets, filepath.Join(filepath.Dir(page), found[1]))
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

// TestDocs_NoLinkIsDead: what a page links to is there, file and title.
func TestDocs_NoLinkIsDead(t *testing.T) {
	for _, page := range pages(t) {
		for _, target := range linksOf(t, page) {
			file, title, _ := strings.Cut(target, "#")
			if _, err := os.Stat(filepath.Join(moduleRoot, file)); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if title != "" && !slices.Contains(anchors(t, file), title) {
				t.Errorf("%s: there is no such title: %s", page, target)
			}
		}
	}
}

// anchors gives the names by which links lead to the titles of a page.
func anchors(t *testing.T, page string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range heading.FindAllStringSubmatch(string(text), -1) {
		name := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(title[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
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

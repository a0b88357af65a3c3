//go:build unix

// Command picture makes the pictures of the docs: it runs the real programs on a real terminal and draws the screens as
// SVG.
//
//	go run ./internal/picture docs/images
//
// Each run has a key, a time and a QR code of its own, so the pictures are made anew when a screen changes and not by
// every build. Its test takes them too, and fails when a shipped one says something else.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: picture FOLDER")
		os.Exit(2)
	}
	if err := draw(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// draw builds both programs and writes every picture into a folder.
func draw(folder string) error {
	bin, err := os.MkdirTemp("", "apikey-picture-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(bin) }()
	build := exec.Command("go", "build", "-buildvcs=false", "-o", bin+"/", "./cmd/apikey", "./cmd/apikeyd")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, s := range shots {
		picture, err := s.take(bin)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, s.name+".svg"), []byte(picture), 0o644); err != nil {
			return err
		}
	}
	return nil
}

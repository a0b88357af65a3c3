package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenErrors = "testdata/errors.golden"

// TestEveryErrorText_IsGolden: the text of each error the tool can end with, as its source gives it, is in one file. Who
// adds an error or words one anew sees it there beside the others, and so does who reviews it. What the texts look like
// once they are told is in testdata/script.
func TestEveryErrorText_IsGolden(t *testing.T) {
	var lines []string
	for _, pkg := range linked(t) {
		for _, text := range pkg.errorTexts(t) {
			lines = append(lines, pkg.ImportPath+" "+text)
		}
	}
	slices.Sort(lines)
	got := strings.Join(slices.Compact(lines), "\n") + "\n"
	if *update {
		if err := os.WriteFile(goldenErrors, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenErrors)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	for _, line := range strings.Split(got, "\n") {
		if !slices.Contains(strings.Split(string(want), "\n"), line) {
			t.Errorf("not in %s: %s", goldenErrors, line)
		}
	}
	t.Errorf("the texts of errors are others than those of %s. If they are right: go test ./cmd/apikey -run Golden -update", goldenErrors)
}

// goPackage is so much of what the go command tells of a package.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Module          *struct{ Main bool }
}

// linked lists our packages that are in the program, for Linux wherever this runs.
func linked(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Module", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg goPackage
		switch err := dec.Decode(&pkg); {
		case errors.Is(err, io.EOF):
			return ours
		case err != nil:
			t.Fatal(err)
		case pkg.Module != nil && pkg.Module.Main:
			ours = append(ours, pkg)
		}
	}
}

// errorTexts finds what the package says in its errors: code, message and hint.
func (p goPackage) errorTexts(t *testing.T) (texts []string) {
	t.Helper()
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text := errorText(n); text != "" {
				texts = append(texts, text)
			}
			return true
		})
	}
	return texts
}

var (
	isErrorf = regexp.MustCompile(`^(keyapi\.)?Errorf$`)
	isError  = regexp.MustCompile(`^(keyapi\.)?Error$`)
	isCode   = regexp.MustCompile(`^(keyapi\.)?Code[A-Z]\w+$`)
)

// errorText gives the text of a node that makes an error, or is a row of a table of errors; "" for any other.
func errorText(n ast.Node) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if isErrorf.MatchString(source(n.Fun)) && len(n.Args) == 3 {
			return row(n.Args...)
		}
	case *ast.CompositeLit:
		if n.Type != nil && isError.MatchString(source(n.Type)) {
			fields := map[string]ast.Expr{}
			for _, element := range n.Elts {
				if field, ok := element.(*ast.KeyValueExpr); ok {
					fields[source(field.Key)] = field.Value
				}
			}
			return row(fields["Code"], fields["Message"], fields["Hint"])
		}
		// A row of a table begins with its code; what goes on with codes is a list of them.
		if len(n.Elts) > 1 && isCode.MatchString(source(n.Elts[0])) && !isCode.MatchString(source(n.Elts[1])) {
			return row(n.Elts[:min(3, len(n.Elts))]...)
		}
	case *ast.KeyValueExpr:
		if !isCode.MatchString(source(n.Key)) {
			return ""
		}
		if value, ok := n.Value.(*ast.CompositeLit); ok {
			return row(append([]ast.Expr{n.Key}, value.Elts...)...)
		}
		return row(n.Key, n.Value)
	}
	return ""
}

// row joins the parts of an error. What is only known when it happens is between braces.
func row(parts ...ast.Expr) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = strings.TrimPrefix(said(part), "keyapi.")
	}
	return strings.TrimRight(strings.Join(texts, " | "), " |")
}

func said(e ast.Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return text
		}
		return e.Value
	case *ast.BinaryExpr:
		return said(e.X) + said(e.Y)
	case *ast.CallExpr:
		if source(e.Fun) == "fmt.Sprintf" {
			return said(e.Args[0])
		}
	}
	if text := source(e); isCode.MatchString(text) {
		return text
	}
	return "{" + source(e) + "}"
}

func source(n ast.Node) string {
	var text bytes.Buffer
	if err := printer.Fprint(&text, token.NewFileSet(), n); err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

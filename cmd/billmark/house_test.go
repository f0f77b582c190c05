package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// house is the picture of who may import whom: signer knows nobody, batch knows
// signer, the rooms around batch know it, and only the front door knows all.
var house = map[string][]string{
	"signer":         {},
	"batch":          {"signer"},
	"batch/api":      {"batch", "signer"},
	"batch/client":   {"batch"},
	"batch/journal":  {"batch"},
	"batch/manifest": {"batch", "batch/api"},
	"batch/sandbox":  {"signer"},
	"batch/walk":     {"batch"},
	"report":         {"batch"},
	"cmd/billmark": {
		"signer", "batch", "batch/api", "batch/client", "batch/journal", "batch/manifest",
		"batch/sandbox", "batch/walk", "report", "cmd/billmark/web",
	},
	"cmd/billmark/web": {"batch", "report"},
}

// only names the one room each of these packages may be used in, so that a
// surprise in one has an address.
var only = map[string]string{
	"github.com/gocarina/gocsv":         "batch/manifest",
	"golang.org/x/time/rate":            "batch cmd/billmark",
	"github.com/schollz/progressbar/v3": "cmd/billmark",
	"modernc.org/sqlite":                "batch/journal",
	"github.com/spf13/cobra":            "cmd/billmark",
	"github.com/xuri/excelize/v2":       "",
	"github.com/cenkalti/backoff/v7":    "batch",
	"testing":                           "",
}

var topLevel = []string{"go.mod", "go.sum", "cmd", "batch", "signer", "report", "testdata", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}

// made are folders that make makes at the top level; they are not kept.
var made = []string{"bin", "dist", "billmark-demo"}

const root = "../.."

// TestHouse fails on any arrow or folder that is not in the picture, and on
// rooms without a package comment.
func TestHouse(t *testing.T) {
	seen := map[string]bool{}
	comment := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && path != root || slices.Contains(made, e.Name())) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		room := filepath.ToSlash(rel)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		seen[room] = true
		comment[room] = comment[room] || file.Doc != nil
		if !strings.HasSuffix(path, "_test.go") {
			checkImports(t, path, room, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range seen {
		if _, ok := house[room]; !ok {
			t.Errorf("%s is no room of the house", room)
		}
		if !comment[room] {
			t.Errorf("%s has no package comment", room)
		}
	}
	for room := range house {
		if !seen[room] {
			t.Errorf("the room %s is empty", room)
		}
	}
}

func checkImports(t *testing.T, path, room string, file *ast.File) {
	for _, spec := range file.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		if ours, ok := strings.CutPrefix(name, "billmark/"); ok && !slices.Contains(house[room], ours) {
			t.Errorf("%s: %s may not import %s", path, room, ours)
		}
		if rooms, ok := only[name]; ok && !slices.Contains(strings.Fields(rooms), room) {
			t.Errorf("%s: %s may be used in %q only", path, name, rooms)
		}
	}
}

// TestTopLevel holds the top of the tree to the card it was designed from.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) && !slices.Contains(made, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

// TestSizes keeps files and functions short enough to be read at once.
func TestSizes(t *testing.T) {
	const fileLimit, functionLimit = 350, 65
	for room := range house {
		paths, _ := filepath.Glob(filepath.Join(root, room, "*.go"))
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if n := set.Position(file.End()).Line; n > fileLimit {
				t.Errorf("%s has %d lines, more than %d", path, n, fileLimit)
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok {
					if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line; n > functionLimit {
						t.Errorf("%s: %s has %d lines, more than %d", path, f.Name.Name, n, functionLimit)
					}
				}
			}
		}
	}
}

// TestPromises: every test that the promises name exists.
func TestPromises(t *testing.T) {
	tests := map[string]bool{}
	for room := range house {
		paths, _ := filepath.Glob(filepath.Join(root, room, "*_test.go"))
		for _, path := range paths {
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(readFile(t, path), -1) {
				tests[m[1]] = true
			}
		}
	}
	named := regexp.MustCompile(`\bTest\w+`).FindAllString(readFile(t, root+"/batch/doc.go"), -1)
	if len(named) < 20 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, name := range named {
		if !tests[name] {
			t.Errorf("the promises name %s, which is no test", name)
		}
	}
}

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRussianWhole fails on a text that is said without a translation, on a
// translation that nobody says, and on one that puts in other things.
func TestRussianWhole(t *testing.T) {
	said := map[string]bool{}
	for _, class := range []string{"confirmed", "rejected", "invalid", "unsent", "unverified", "unknown", "skipped"} {
		said[class] = true
	}
	paths, _ := filepath.Glob("*.go")
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || path == "russian.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			text, isText := call.Args[0].(*ast.BasicLit)
			if ok && isText && (f.Sel.Name == "say" || f.Sel.Name == "sayf") && path != "init.go" && path != "initsave.go" {
				english, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				said[english] = true
			}
			return true
		})
	}
	for _, line := range planTexts(t) {
		said[line] = true
	}
	for english := range said {
		if _, ok := inRussian[english]; !ok {
			t.Errorf("without Russian: %q", english)
		}
	}
	verbs := regexp.MustCompile(`%[^ ]`)
	for english, russian := range inRussian {
		if !said[english] {
			t.Errorf("nobody says %q", english)
		}
		if !slices.Equal(verbs.FindAllString(english, -1), verbs.FindAllString(russian, -1)) {
			t.Errorf("%q puts in other things: %q", english, russian)
		}
	}
}

// planTexts are the texts of the plan's table of counts.
func planTexts(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "plan.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Name.Name != "planCounts" {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			line, ok := n.(*ast.CompositeLit)
			if !ok || len(line.Elts) != 2 {
				return true
			}
			if text, ok := line.Elts[1].(*ast.BasicLit); ok && text.Kind == token.STRING {
				unquoted, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, unquoted)
			}
			return true
		})
		return false
	})
	if len(texts) < 10 {
		t.Fatalf("the table of counts was not found: %q", texts)
	}
	return texts
}

// TestLanguage chooses it by flag, then by the locale.
func TestLanguage(t *testing.T) {
	for _, tt := range []struct {
		vars map[string]string
		flag string
		want language
	}{
		{nil, "", "en"},
		{map[string]string{"LANG": "ru_RU.UTF-8"}, "", "ru"},
		{map[string]string{"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "", "en"},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_MESSAGES": "ru"}, "", "ru"},
		{map[string]string{"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "", "ru"},
		{map[string]string{"LANG": "de_DE.UTF-8"}, "", "en"},
		{map[string]string{"LANG": "ru_RU.UTF-8"}, "en", "en"},
		{nil, "ru", "ru"},
	} {
		w := &world{vars: tt.vars}
		d := newDesk(w.console(), defaults())
		d.s.lang = tt.flag
		if got := d.language(); got != tt.want {
			t.Errorf("%v, %q: got %s, want %s", tt.vars, tt.flag, got, tt.want)
		}
	}
}

// TestRussianForms counts as Russians do.
func TestRussianForms(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 строк", 1: "1 строка", 2: "2 строки", 4: "4 строки", 5: "5 строк", 11: "11 строк", 12: "12 строк", 14: "14 строк",
		21: "21 строка", 22: "22 строки", 25: "25 строк", 101: "101 строка", 111: "111 строк", 112: "112 строк",
	} {
		if got := language("ru").many(n, "row"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := language("en").many(2, "row"); got != "2 rows" {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{time.Second: "1 с", 90 * time.Second: "2 мин", 3 * time.Hour: "3,0 ч", 0: "меньше секунды"} {
		if got := language("ru").duration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}

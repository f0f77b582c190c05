package signer

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const data = "../testdata/signer"

// account is the one all vectors are signed with.
func account(t testing.TB) Account {
	t.Helper()
	a, err := NewAccount("username", strings.Repeat("X", 40))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// table reads a CSV of vectors without its header.
func table(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(data, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records[1:]
}

// hostile is one line of hostile.tsv.
type hostile struct {
	line            int
	verdict, detail string
	code, text      string
	body            []byte
}

var macro = regexp.MustCompile(`<([0-9A-F]{2})>|<(\d+)\*([^>]*)>`)

// expand replaces <41> and <3*[>.
func expand(s string) string {
	return macro.ReplaceAllStringFunc(s, func(m string) string {
		parts := macro.FindStringSubmatch(m)
		if parts[1] != "" {
			b, _ := strconv.ParseUint(parts[1], 16, 8)
			return string([]byte{byte(b)})
		}
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[3], n)
	})
}

func hostiles(t testing.TB, a Account) []hostile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "hostile.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var list []hostile
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		c := strings.Split(string(line), "\t")
		if len(c) != 5 {
			t.Fatalf("hostile.tsv, line %d: %d columns", i+1, len(c))
		}
		h := hostile{line: i + 1, verdict: c[0], detail: c[1], code: expand(c[2]), text: expand(c[3])}
		hash := a.SignReply(h.code, h.text)
		body := strings.NewReplacer("HASH", hash, "UPPER", strings.ToUpper(hash)).Replace(c[4])
		h.body = []byte(expand(body))
		list = append(list, h)
	}
	return list
}

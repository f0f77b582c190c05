package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/cmd/billmark/web"
)

// TestStoreSweep throws away what nobody needs, and nothing else.
func TestStoreSweep(t *testing.T) {
	s, err := openStore(filepath.Join(t.TempDir(), "j.journal"))
	if err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * keptFor)
	for name, n := range map[string]note{
		"fresh": {}, "old but never run": {Added: long}, "in doubt": {Run: 1, Finished: long}, "cut off": {Run: 1, Begun: long},
		"settled lately": {Run: 1, Finished: time.Now(), Settled: true}, "settled long ago": {Run: 1, Finished: long, Settled: true},
	} {
		id, err := s.add(name, strings.NewReader("a,b\n"))
		if err != nil {
			t.Fatal(err)
		}
		n.Name = name
		if err := s.write(id, &n); err != nil {
			t.Fatal(err)
		}
	}
	// An upload that was cut off, a file of ours, and what is not ours.
	for _, folder := range []string{"20260101-000000-abcdefgh", "notes"} {
		if err := os.Mkdir(filepath.Join(s.folder, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.take(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	var names []string
	list, err := s.list()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		names = append(names, u.Name)
	}
	want := []string{"cut off", "fresh", "in doubt", "old but never run", "settled lately"}
	if diff := cmp.Diff(want, names, inAnyOrder()); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(s.folder, "notes")); err != nil {
		t.Error("what is not ours was thrown away")
	}
	if _, err := os.Stat(filepath.Join(s.folder, "20260101-000000-abcdefgh")); err == nil {
		t.Error("what was left of an upload is still there")
	}
}

// inAnyOrder compares lists whatever their order.
func inAnyOrder() cmp.Option {
	return cmp.Transformer("sorted", func(list []string) map[string]int {
		m := map[string]int{}
		for _, s := range list {
			m[s]++
		}
		return m
	})
}

// TestStorePaths lets nobody out of the folder.
func TestStorePaths(t *testing.T) {
	folder := t.TempDir()
	s, err := openStore(filepath.Join(folder, "j.journal"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "note.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", ".", "..", "../x", "serve.lock", "20260101-000000-abcdefgh/../..", `20260101-000000-abcdefgh\..`, "20260101-000000-ABCDEFGH", "20260101-000000-abcdefgh\n"} {
		_, err := s.note(id)
		var trouble *web.Trouble
		if !errors.As(err, &trouble) || trouble.Status != 404 {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// failing fails after a few bytes, as an upload that is cut off does.
type failing struct{ sent bool }

func (f *failing) Read(p []byte) (int, error) {
	if f.sent {
		return 0, errors.New("the browser went away")
	}
	f.sent = true
	return copy(p, "bill_id\n"), nil
}

func TestStoreCutUpload(t *testing.T) {
	s, err := openStore(filepath.Join(t.TempDir(), "j.journal"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.add("x.csv", &failing{}); err == nil {
		t.Fatal("half a file was taken for a whole one")
	}
	if entries, _ := os.ReadDir(s.folder); len(entries) > 0 {
		t.Errorf("it left %v", entries)
	}
}

// TestSettingsFor puts the choices of a file over the page's settings.
func TestSettingsFor(t *testing.T) {
	base := defaults()
	base.columns, base.set = pairs{{"date", "Shipped"}, {"bill_id", "Order"}}, pairs{{"status", "sent"}}
	base.delimiter = "tab"
	b := &bench{s: base}
	got := b.settingsFor(web.Choices{
		Columns: map[string]string{"status": "State", "bill_id": "Number"}, Set: map[string]string{"date": "2026-01-05"}, Again: []string{"late", "stale"},
	})
	if diff := cmp.Diff(map[string]string{"bill_id": "Number", "status": "State"}, got.columns.byName()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"date": "2026-01-05"}, got.set.byName()); diff != "" {
		t.Error(diff)
	}
	if got.delimiter != "tab" || got.again != "late,stale" || len(base.columns) != 2 || base.columns[0].value != "Shipped" {
		t.Errorf("%+v, of %+v", got, base)
	}
}

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// journalFiles are the endings of the files that a journal is made of.
var journalFiles = []string{"", "-wal", ".seen", ".tail"}

// TestDamage damages the journal of a run that was killed, and that of one that
// came to its end, in every way that disks and people have. The same command
// then either refuses, or knows all that was sent; it never sends again.
func TestDamage(t *testing.T) {
	for _, point := range []string{"ended 20", "posted 20", "finished 1", "never 1"} {
		t.Run(point, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 9))
			k := &killing{t: t, workers: 4, rng: rng, shop: newShop(t, 0), course: newCourse(rng, 60)}
			k.manifest = filepath.Join(k.shop.folder, "orders.csv")
			k.course.manifest(t, k.manifest)
			k.shop.startWrong(point, k.shop.args("run", "--workers", "4", k.manifest)...).expect("-1 0")
			k.shop.quiet()
			x := &damage{killing: k, files: map[string][]byte{}, folded: point == "finished 1"}
			for _, ending := range journalFiles {
				if data, err := os.ReadFile(k.shop.journal + ending); err == nil {
					x.files[ending] = data
				}
			}
			x.keepSent()
			x.cut()
			x.flip()
			x.mistreat()
			t.Logf("killed when it had %q, with %d updates sent: %d damages, %d refused, %d without effect", point, k.shop.updates(), x.tried, x.refused, x.tried-x.refused)
			if x.refused == 0 {
				t.Error("no damage was noticed")
			}
		})
	}
}

// damage is a journal to be damaged again and again.
type damage struct {
	*killing
	files          map[string][]byte
	folded         bool // what the tail holds is in the table
	tried, refused int
}

// keepSent makes the manifest one of what was sent already: whoever remembers
// that has nothing more to send.
func (x *damage) keepSent() {
	got := x.shop.received()
	text := "bill_id,status,date,rpo\n"
	for _, bill := range x.course.bills {
		for i, row := range x.course.rows[bill] {
			if x.course.upTo[bill][i] <= len(got[bill]) {
				text += row + "\n"
			}
		}
	}
	if err := os.WriteFile(x.manifest, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

// cut cuts the files that were written last, at every place of their last
// records, and then anywhere.
func (x *damage) cut() {
	if x.files["-wal"] == nil { // it was closed: there is nothing beside it
		x.cutAt("", x.files[""])
		return
	}
	x.cutAt("-wal", x.files["-wal"])
	x.cutAt(".tail", bytes.TrimRight(x.files[".tail"], "\x00")) // behind its records there is nothing yet
}

func (x *damage) cutAt(last string, data []byte) {
	step := max(1, len(data)/scale(20))
	for n := len(data) - 1; n >= 0; n -= step {
		x.try(fmt.Sprintf("%q cut at %d of %d", last, n, len(data)), map[string][]byte{last: data[:n]}, false)
	}
}

// flip changes single bits.
func (x *damage) flip() {
	for _, ending := range journalFiles {
		data := x.files[ending]
		for range min(len(data), scale(15)) {
			at, bit := x.rng.IntN(len(data)), x.rng.IntN(8)
			flipped := bytes.Clone(data)
			flipped[at] ^= 1 << bit
			x.try(fmt.Sprintf("%q: bit %d of byte %d", ending, bit, at), map[string][]byte{ending: flipped}, false)
		}
	}
}

// mistreat does what people do to files.
func (x *damage) mistreat() {
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(x.rng.IntN(256))
	}
	for _, m := range []struct {
		what    string
		files   map[string][]byte
		refused bool
	}{
		{"the log was removed", map[string][]byte{"-wal": nil}, x.files["-wal"] != nil},
		{"the tail was removed", map[string][]byte{".tail": nil}, x.files[".tail"] != nil},
		{"the tail is noise", map[string][]byte{".tail": noise}, x.files[".tail"] != nil},
		{"the tail is empty", map[string][]byte{".tail": {}}, x.files[".tail"] != nil},
		{"only log and tail are left", map[string][]byte{"": nil}, true},
		{"the journal is empty", map[string][]byte{"": {}}, true},
		{"nothing but the count is left", map[string][]byte{"": nil, "-wal": nil, ".tail": nil}, true},
		{"the journal is noise", map[string][]byte{"": noise}, x.files["-wal"] == nil},
		{"the log is noise", map[string][]byte{"-wal": noise}, x.files["-wal"] != nil},
		{"the journal is a manifest", map[string][]byte{"": []byte("bill_id,status\n100001,cancel\n"), "-wal": nil}, true},
	} {
		if strings.Contains(m.what, "tail is") {
			m.refused = m.refused && !x.folded
		}
		x.try(m.what, m.files, m.refused)
	}
}

// try gives the same command with some files replaced; nil stands for a file
// that is not there.
func (x *damage) try(what string, changed map[string][]byte, refused bool) {
	x.t.Helper()
	x.tried++
	s := x.shop
	folder, err := os.MkdirTemp(s.folder, "damaged-*")
	if err != nil {
		x.t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	journal := filepath.Join(folder, "shop7.journal")
	for _, ending := range journalFiles {
		data := x.files[ending]
		if other, ok := changed[ending]; ok {
			data = other
		}
		if data != nil {
			if err := os.WriteFile(journal+ending, data, 0o600); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	before := s.updates()
	args := append(s.args("run", "--quiet", "--workers", "4", x.manifest), "--journal", journal)
	code, _, text := s.here(nil, args...)
	s.quiet()
	sent := s.updates() - before
	switch {
	case code == exitStopped && sent == 0 && strings.Contains(text, "the journal"):
		x.refused++
	case code != 0 && code != exitDoubts || refused:
		x.t.Errorf("%s: code %d, %d updates were sent:\n%s", what, code, sent, text)
	}
	if sent > 0 {
		x.t.Errorf("%s: %d updates were sent again:\n%s", what, sent, text)
	}
}

package report

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"billmark/batch"
)

// diary is a Memory that lasts as long as the test.
type diary struct {
	wrote map[string]bool
	fails error
}

func (d *diary) Wrote(path string, digest [32]byte) (bool, error) {
	return d.wrote[path+string(digest[:])], d.fails
}

func (d *diary) Write(path string, digest [32]byte) error {
	if d.wrote == nil {
		d.wrote = map[string]bool{}
	}
	d.wrote[path+string(digest[:])] = true
	return d.fails
}

// raw is a row that stands in the manifest as text.
func raw(text string, class batch.Class) Line {
	return Line{Row: &batch.Row{Raw: []byte(text)}, Outcome: batch.Outcome{Class: class}}
}

// failing writes a failed file from lines.
func failing(t *testing.T, path, header string, m Memory, lines ...Line) (*Failed, error) {
	t.Helper()
	f := NewFailed(path, []byte(header), m)
	for _, l := range lines {
		if err := f.Row(l); err != nil {
			f.Abort()
			return f, err
		}
	}
	return f, f.Close()
}

// Rows to be mended stand there byte for byte, and no others.
func TestFailedByteForByte(t *testing.T) {
	for name, test := range map[string]struct{ header, bad, last string }{
		"lf":                    {"a,b\n", "1,2\n", "3,4\n"},
		"crlf":                  {"a;b\r\n", "1;\"x\r\n\"\"y\"\r\n", "3;4\r\n"},
		"no newline at the end": {"a\tb\n", "1\t2\n", "3\t4"},
		"other bytes":           {"\xff\xfea\x00\n\x00", "\xe9\x00\n\x00", "'=\x00\n\x00"},
	} {
		path := filepath.Join(t.TempDir(), "a.failed.csv")
		f, err := failing(
			t, path, test.header, &diary{},
			raw("good\n", batch.Confirmed), raw(test.bad, batch.Invalid), raw("later\n", batch.Unsent), raw("who knows\n", batch.Unknown),
			raw("doubt\n", batch.Unverified), raw("out\n", batch.Skipped), raw(test.last, batch.Rejected),
		)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != test.header+test.bad+test.last || f.Path() != path {
			t.Errorf("%s: %q at %q", name, got, f.Path())
		}
	}
}

// The file goes away when nothing is left to mend; if somebody has edited it,
// or we never wrote it, it stays.
func TestFailedGoesAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.failed.csv")
	memory := &diary{}
	nothing := func(m Memory) {
		t.Helper()
		f, err := failing(t, path, "h\n", m, raw("x\n", batch.Confirmed))
		if err != nil || f.Path() != "" {
			t.Fatalf("%q, %v", f.Path(), err)
		}
	}
	nothing(memory) // there is none yet
	if _, err := failing(t, path, "h\n", memory, raw("x\n", batch.Invalid)); err != nil {
		t.Fatal(err)
	}
	nothing(nil)
	if got := read(t, path); got != "h\nx\n" {
		t.Errorf("without a memory: %q", got)
	}
	nothing(memory)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	put(t, path, "h\nmended\n")
	nothing(memory)
	if got := read(t, path); got != "h\nmended\n" {
		t.Errorf("an edited file: %q", got)
	}
}

// A file that somebody has edited is never overwritten. Ours are, under
// whatever name they are.
func TestFailedNumberedNames(t *testing.T) {
	folder := t.TempDir()
	path, second, third := filepath.Join(folder, "a.failed.csv"), filepath.Join(folder, "a.failed-2.csv"), filepath.Join(folder, "a.failed-3.csv")
	memory := &diary{}
	step := func(text, want string) {
		t.Helper()
		f, err := failing(t, path, "h\n", memory, raw(text, batch.Rejected))
		if err != nil || f.Path() != want || read(t, want) != "h\n"+text {
			t.Fatalf("%q, %v", f.Path(), err)
		}
	}
	step("one\n", path)
	step("two\n", path)
	put(t, path, "edited")
	step("three\n", second)
	step("four\n", second)
	put(t, second, "edited too")
	step("five\n", third)
	put(t, path, "h\nsix\n") // by chance what we are about to write
	step("six\n", path)
	if list := names(t, folder); !slices.Equal(list, []string{"a.failed-2.csv", "a.failed.csv"}) {
		t.Errorf("the third is ours and out of date: %q", list)
	}
	put(t, path, "edited once more")
	step("seven\n", third)
	if _, err := failing(t, path, "h\n", memory); err != nil {
		t.Fatal(err)
	}
	if list := names(t, folder); !slices.Equal(list, []string{"a.failed-2.csv", "a.failed.csv"}) {
		t.Errorf("nothing to mend, and left: %q", list)
	}
	if got := read(t, path) + ", " + read(t, second); got != "edited once more, edited too" {
		t.Errorf("overwritten: %s", got)
	}
}

// Without a memory every file counts as edited, but for one that is as we
// would write it.
func TestFailedWithoutMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.failed")
	for _, test := range []struct{ text, want string }{{"x\n", path}, {"x\n", path}, {"y\n", filepath.Join(filepath.Dir(path), "a-2.failed")}} {
		f, err := failing(t, path, "h\n", nil, raw(test.text, batch.Rejected))
		if err != nil || f.Path() != test.want {
			t.Errorf("%q at %q, %v", test.text, f.Path(), err)
		}
	}
}

// If we die between remembering and renaming, the earlier file is still ours.
func TestFailedKilledBeforeRename(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.failed.csv")
	memory := &diary{}
	if _, err := failing(t, path, "h\n", memory, raw("one\n", batch.Invalid)); err != nil {
		t.Fatal(err)
	}
	if err := memory.Write(absolute(path), [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	f, err := failing(t, path, "h\n", memory, raw("two\n", batch.Invalid))
	if err != nil || f.Path() != path {
		t.Errorf("%q, %v", f.Path(), err)
	}
}

// What the memory cannot say stops us before anything is replaced.
func TestFailedMemoryFails(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.failed.csv")
	put(t, path, "old")
	broken := errors.New("the journal is damaged")
	for _, class := range []batch.Class{batch.Invalid, batch.Confirmed} {
		if f, err := failing(t, path, "h\n", &diary{fails: broken}, raw("x\n", class)); !errors.Is(err, broken) || f.Path() != "" {
			t.Errorf("%v", err)
		}
	}
	if list := names(t, folder); len(list) != 1 || read(t, path) != "old" {
		t.Errorf("%q", list)
	}
}

func TestFailedAbort(t *testing.T) {
	folder := t.TempDir()
	f := NewFailed(filepath.Join(folder, "a.failed.csv"), []byte("h\n"), &diary{})
	f.Abort() // before anything was begun
	if err := f.Row(raw("x\n", batch.Invalid)); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if list := names(t, folder); len(list) > 0 || f.Path() != "" {
		t.Errorf("left: %q", list)
	}
}

// Through a link the file it points to is replaced, and goes away.
func TestFailedThroughALink(t *testing.T) {
	link, real := filepath.Join(t.TempDir(), "a.failed.csv"), filepath.Join(t.TempDir(), "real.csv")
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	memory := &diary{}
	for _, text := range []string{"one\n", "two\n"} {
		f, err := failing(t, link, "h\n", memory, raw(text, batch.Invalid))
		if err != nil || f.Path() != link || read(t, real) != "h\n"+text {
			t.Fatalf("%q, %v", f.Path(), err)
		}
	}
	if _, err := failing(t, link, "h\n", memory); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(real); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if _, err := os.Lstat(link); err != nil {
		t.Errorf("the link: %v", err)
	}
}

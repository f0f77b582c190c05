package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// put writes a file of the test.
func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// begun begins a file and writes into it.
func begun(t testing.TB, path, text string) *atomicFile {
	t.Helper()
	f, err := createAtomic(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCommitReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	for _, text := range []string{"first", "second"} {
		f := begun(t, path, text)
		if b, err := os.ReadFile(path); err == nil && string(b) == text {
			t.Error("there before Commit")
		}
		if err := f.Commit(nil); err != nil {
			t.Fatal(err)
		}
		f.Abort()
		if got := read(t, path); got != text {
			t.Errorf("%q", got)
		}
	}
	if list := names(t, filepath.Dir(path)); len(list) != 1 {
		t.Errorf("left: %q", list)
	}
}

// A file that could not be written whole never takes its place.
func TestCommitOfAFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	put(t, path, "old")
	broken := errors.New("no space left")
	f := begun(t, path, "half")
	if err := f.Commit(broken); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	f = begun(t, path, "closed")
	f.Close()
	if err := f.Commit(nil); err == nil {
		t.Error("committed a closed file")
	}
	if err := f.Commit(nil); err == nil {
		t.Error("committed twice")
	}
	if got, list := read(t, path), names(t, filepath.Dir(path)); got != "old" || len(list) != 1 {
		t.Errorf("%q in %q", got, list)
	}
}

// What a killed process left is swept once it is old, and nothing else is.
func TestSweep(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a[1]*.csv")
	old := func(name string) {
		put(t, filepath.Join(folder, name), "x")
		long := time.Now().Add(-stale - time.Hour)
		if err := os.Chtimes(filepath.Join(folder, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	killed := begun(t, path, "half") // and nobody is left to finish it
	killed.Close()
	old(".a[1]*.csv.0000abcd" + partEnding)
	old(".other.csv.0000abcd" + partEnding)
	old(".a1x.csv.0000abcd" + partEnding)
	old("a[1]*.csv")
	if err := begun(t, path, "new").Commit(nil); err != nil {
		t.Fatal(err)
	}
	want := []string{".a1x.csv.0000abcd" + partEnding, filepath.Base(killed.Name()), ".other.csv.0000abcd" + partEnding, "a[1]*.csv"}
	got := names(t, folder)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if got := read(t, path); got != "new" {
		t.Errorf("%q", got)
	}
}

func TestLinks(t *testing.T) {
	for name, target := range map[string]string{"standing": "old", "dangling": ""} {
		folder, other := t.TempDir(), t.TempDir()
		link, real := filepath.Join(folder, "a.csv"), filepath.Join(other, "real.csv")
		if target != "" {
			put(t, real, target)
		}
		if err := os.Symlink(real, filepath.Join(folder, "b.csv")); err != nil {
			t.Skip(err)
		}
		if err := os.Symlink("b.csv", link); err != nil {
			t.Fatal(err)
		}
		if err := begun(t, link, "new").Commit(nil); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s: the link was replaced: %v", name, err)
		}
		if got := read(t, real); got != "new" {
			t.Errorf("%s: %q", name, got)
		}
	}
	loop := filepath.Join(t.TempDir(), "a.csv")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if err := Probe(loop); err == nil {
		t.Error("a link to itself was taken")
	}
}

func TestPermissionsStay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions there")
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	for _, mode := range []fs.FileMode{0o600, 0o666, 0o640} {
		put(t, path, "old")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := begun(t, path, "new").Commit(nil); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v, want %v", info.Mode(), mode)
		}
	}
}

// What cannot be written is told beforehand, and testing it changes nothing.
func TestProbe(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	put(t, in("old.csv"), "old")
	put(t, in("locked.csv"), "locked")
	if err := os.Chmod(in("locked.csv"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(in("folder.csv"), 0o777); err != nil {
		t.Fatal(err)
	}
	before, info := names(t, folder), stat(t, in("old.csv"))
	for name, want := range map[string]string{
		"old.csv": "", "new.csv": "", strings.Repeat("ж", 120) + ".csv": "",
		"locked.csv": "permission denied", "folder.csv": "is a folder", "none/new.csv": "no such file or directory",
		strings.Repeat("x", 300) + ".csv": "name too long",
	} {
		err := Probe(in(name))
		if want == "" && err != nil || want != "" && (err == nil || runtime.GOOS != "windows" && !strings.Contains(err.Error(), want)) {
			t.Errorf("%.20s: %v, want %q", name, err, want)
		}
	}
	if after := names(t, folder); !slices.Equal(before, after) {
		t.Errorf("left a trace: %q", after)
	}
	if got := stat(t, in("old.csv")); !os.SameFile(info, got) || !got.ModTime().Equal(info.ModTime()) || read(t, in("old.csv")) != "old" {
		t.Error("the old file was touched")
	}
}

func stat(t testing.TB, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

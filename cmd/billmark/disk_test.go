//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"billmark/batch"
)

// smallDisk mounts a disk of so many KiB, and gives the means to change that.
func smallDisk(t *testing.T, kib int) (folder string, change func(kib int, flags uintptr)) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	mount := func(kib int, flags uintptr) error {
		return syscall.Mount("billmark-test", folder, "tmpfs", flags, fmt.Sprintf("size=%dk", kib))
	}
	if err := mount(kib, 0); err != nil {
		t.Skipf("NOT TESTED: no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return folder, func(kib int, flags uintptr) {
		if err := mount(kib, syscall.MS_REMOUNT|flags); err != nil {
			t.Fatal(err)
		}
	}
}

// shortage is a run that finds no room for its records.
type shortage struct {
	killing
	unknown, told, full int
}

func newShortage(t *testing.T, seed int) *shortage {
	rng := rand.New(rand.NewPCG(uint64(seed), 3))
	x := &shortage{killing: killing{t: t, workers: 4, rng: rng, shop: newShop(t, 0), course: newCourse(rng, 120)}}
	x.manifest = filepath.Join(x.shop.folder, "orders.csv")
	x.course.manifest(t, x.manifest)
	return x
}

// held looks at what a run did that found no room.
func (x *shortage) held(c *child, label string) {
	x.t.Helper()
	s := x.shop
	s.quiet()
	got := s.received()
	x.course.heldAgainst(x.t, got)
	if code := c.wait(); code == exitDone || code == exitDoubts && x.unknown > 0 { // there was enough room after all
		return
	}
	x.full++
	c.expect("1").says("billmark: error: ", "hint: ")
	unknown := 0
	if len(got) > 0 {
		for _, r := range s.records() {
			if r.Outcome.Class == batch.Unknown {
				unknown++
			}
		}
		unknown -= x.unknown
	}
	told := strings.Count(c.err.String(), "not surely in the journal: line ")
	if unknown > x.workers || unknown > told {
		x.t.Errorf("%s: %d updates are unknown, %d of them told:\n%s", label, unknown, told, c.err.String())
	}
	x.unknown += unknown
	x.told += told
	if strings.Contains(c.err.String(), "report could not be written") {
		return
	}
	lines, err := readReport(filepath.Join(s.folder, "orders.report.csv"))
	if len(got) > 0 && (err != nil || len(lines) != x.course.total) {
		x.t.Errorf("%s: the report has %d lines of %d: %v\n%s", label, len(lines), x.course.total, err, c.err.String())
	}
}

// TestFailFullDisk lets the journal's disk run full at different places: the
// run stops, tells what it could not record, and goes on when there is room.
func TestFailFullDisk(t *testing.T) {
	t.Parallel()
	disk, change := smallDisk(t, 64)
	full, unknown, told := 0, 0, 0
	sizes := scale(10)
	for i := range sizes {
		kib := 8 + i*400/sizes
		change(kib, 0)
		x := newShortage(t, i)
		x.shop.journal = filepath.Join(disk, "shop7.journal")
		args := x.shop.args("run", "--quiet", "--workers", "4", x.manifest)
		label := fmt.Sprintf("%d KiB", kib)
		for range 2 { // the second time it is as full as before, or fuller
			before := x.shop.updates()
			c := x.shop.start(args...)
			c.wait()
			x.held(c, label)
			if strings.Contains(c.err.String(), "nothing was sent") && x.shop.updates() > before {
				t.Errorf("%s: %d updates were sent:\n%s", label, x.shop.updates()-before, c.err.String())
			}
		}
		change(1<<16, 0)
		x.before = x.unknown
		x.resume()
		full, unknown, told = full+x.full, unknown+x.unknown, told+x.told
		leftover, err := filepath.Glob(filepath.Join(disk, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range leftover {
			os.Remove(path)
		}
	}
	t.Logf("%d sizes: %d runs found the disk full; %d updates were left unknown, %d outcomes told", sizes, full, unknown, told)
	if full < sizes/2 {
		t.Error("the disk was hardly ever full")
	}
}

// TestFailFileSize does the same with a limit on the size of every file, which
// the system enforces with another error, and for the report, too.
func TestFailFileSize(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("NOT TESTED: there is no shell")
	}
	full, unknown, told := 0, 0, 0
	limits := scale(10)
	for i := range limits {
		x := newShortage(t, 100+i)
		blocks := 2 + i*500/limits
		args := append([]string{"-c", fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, blocks), program(t)},
			x.shop.args("run", "--quiet", "--workers", "4", x.manifest)...)
		c := x.shop.begin(exec.Command(shell, args...))
		c.wait()
		x.held(c, fmt.Sprintf("%d blocks", blocks))
		x.before = x.unknown
		x.resume()
		full, unknown, told = full+x.full, unknown+x.unknown, told+x.told
	}
	t.Logf("%d limits: %d runs came to theirs; %d updates were left unknown, %d outcomes told", limits, full, unknown, told)
	if full < limits/3 {
		t.Error("the limit was hardly ever reached")
	}
}

// TestFailReadOnly: where nothing can be written nothing is sent.
func TestFailReadOnly(t *testing.T) {
	disk, change := smallDisk(t, 1024)
	if err := os.WriteFile(filepath.Join(disk, "orders.csv"), []byte("bill_id,status\n100001,cancel\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	change(1024, syscall.MS_RDONLY)
	s := newShop(t, 0)
	manifest := filepath.Join(s.folder, "orders.csv")
	newCourse(rand.New(rand.NewPCG(1, 1)), 20).manifest(t, manifest)
	for _, more := range [][]string{
		{"--report", filepath.Join(disk, "a.report.csv"), manifest},
		{"--report", filepath.Join(s.folder, "b.csv"), "--report", filepath.Join(disk, "b.xlsx"), manifest},
		{"--failed", filepath.Join(disk, "c.csv"), manifest},
		{filepath.Join(disk, "orders.csv")}, // its report lies beside it
		{"--report", filepath.Join(s.folder, "no", "such", "folder.csv"), manifest},
	} {
		s.run("1", s.args("run", more...)...).says("cannot be written", "nothing was sent")
	}
	s.journal = filepath.Join(disk, "shop7.journal")
	s.run("1", s.args("run", manifest)...).says(s.journal)
	if n := len(s.sandbox.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestFailSystemCall lets the n-th call to the system fail, or be the last one,
// in the program as it is shipped: whatever it writes, flushes, opens or
// renames. It needs strace to get between the two.
func TestFailSystemCall(t *testing.T) {
	t.Parallel()
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("NOT TESTED: strace is not installed")
	}
	if out, err := exec.Command(tracer, "-f", "-o", os.DevNull, program(t), "version").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: strace does not work here: %v: %s", err, out)
	}
	rng := rand.New(rand.NewPCG(1, 22))
	calls := []string{"pwrite64", "pwrite64", "fsync,fdatasync", "write", "openat", "ftruncate", "renameat,rename,renameat2", "unlinkat,unlink"}
	faults := []string{"error=EIO:when=%d", "error=EIO:when=%d+", "error=ENOSPC:when=%d", "error=ENOSPC:when=%d+", "signal=SIGKILL:when=%d"}
	ends := map[int]int{}
	for i := range scale(32) {
		call := calls[i%len(calls)]
		fault := fmt.Sprintf(faults[rng.IntN(len(faults))], 1+rng.IntN(40))
		x := newShortage(t, 200+i)
		args := append([]string{"-f", "-o", os.DevNull, "-e", "trace=" + call, "-e", "inject=" + call + ":" + fault, program(t)},
			x.shop.args("run", "--quiet", "--workers", "4", x.manifest)...)
		c := x.shop.begin(exec.Command(tracer, args...))
		code := c.wait()
		ends[code]++
		x.shop.quiet()
		x.course.heldAgainst(t, x.shop.received())
		// Go's runtime writes to itself, too, and dies with code 2 if it cannot.
		ofRuntime := call == "write" && code == 2
		if code != -1 && code != 0 && code != exitStopped && code != exitDoubts && !ofRuntime {
			t.Errorf("%s, %s: exit code %d:\n%s%s", call, fault, code, c.out.String(), c.err.String())
		}
		for _, r := range x.shop.records() {
			if r.Outcome.Class == batch.Unknown {
				x.before++
			}
		}
		if x.before > x.workers && call != "write" { // to the network, too
			t.Errorf("%s, %s: %d updates are unknown:\n%s", call, fault, x.before, c.err.String())
		}
		x.resume()
	}
	t.Logf("%d runs, by exit code (-1 is killed): %v", scale(32), ends)
}

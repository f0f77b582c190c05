package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tty is a pseudo terminal with a glass to look at, and billmark behind it.
type tty struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	away   *os.File // where output goes instead, if not nil
	// background has programs started by a shell, as background jobs.
	background bool

	mu    sync.Mutex
	glass *glass
	raw   strings.Builder
	news  chan struct{}
}

func newTTY(t *testing.T, width int) *tty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	x := &tty{t: t, master: master, slave: slave, glass: newGlass(width), news: make(chan struct{}, 1)}
	x.resize(width)
	go x.read()
	t.Cleanup(func() { slave.Close(); master.Close() })
	return x
}

func (x *tty) read() {
	b := make([]byte, 4096)
	for {
		n, err := x.master.Read(b)
		if err != nil {
			return
		}
		x.mu.Lock()
		x.glass.Write(b[:n])
		x.raw.Write(b[:n])
		x.mu.Unlock()
		select {
		case x.news <- struct{}{}:
		default:
		}
	}
}

func (x *tty) resize(width int) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.glass.width = width
	if err := unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(width)}); err != nil {
		x.t.Fatal(err)
	}
}

// bytes is all that ever came.
func (x *tty) bytes() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

func (x *tty) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.glass.text()
}

// await waits until the glass shows something.
func (x *tty) await(pattern string) {
	x.t.Helper()
	re, limit := regexp.MustCompile(pattern), time.After(20*time.Second)
	for !re.MatchString(x.text()) {
		select {
		case <-x.news:
		case <-limit:
			x.t.Fatalf("%q never showed:\n%s", pattern, x.text())
		}
	}
}

func (x *tty) typed(text string) {
	x.t.Helper()
	if _, err := io.WriteString(x.master, text); err != nil {
		x.t.Fatal(err)
	}
}

// start begins billmark on the terminal, in a folder of its own.
func (x *tty) start(folder string, env []string, args ...string) *exec.Cmd {
	x.t.Helper()
	self, err := os.Executable()
	if err != nil {
		x.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	if x.background {
		cmd = exec.Command("sh", append([]string{"-c", `set -m; "$@" & wait $!`, "sh", self}, args...)...)
	}
	cmd.Dir = folder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = x.slave, x.slave, x.slave
	if x.away != nil {
		cmd.Stdout, cmd.Stderr = x.away, x.away
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append([]string{childVariable + "=", "TERM=xterm", "HOME=" + folder, "PATH=" + os.Getenv("PATH"), "LANG=C", "TZ=UTC"}, env...)
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func (x *tty) ends(cmd *exec.Cmd, code int) {
	x.t.Helper()
	err := cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("exit %d (%v), want %d:\n%s", got, err, code, x.text())
	}
}

func shopEnv(s *shop, rate string) []string {
	return []string{"BILLMARK_ACCOUNT=" + shopAccount, "BILLMARK_KEY=" + shopKey, "BILLMARK_API=" + s.url, "BILLMARK_RATE=" + rate}
}

// TestTerminal runs billmark on a terminal that is resized all the while, with
// an interrupt in the end: nothing may be garbled.
func TestTerminal(t *testing.T) {
	s, folder := newShop(t, time.Millisecond), t.TempDir()
	payments(t, folder, 21)
	x := newTTY(t, 100)
	cmd := x.start(folder, append(shopEnv(s, "10"), "NO_COLOR=1"), "run", "payments.csv")
	x.await(`21 of them are paid or cancel.*\n(.*\n)?Type 21, the number of updates, to send them:$`)
	x.typed("21\n")
	x.await(`\d+ of 21  \d+ confirmed`)
	for _, width := range []int{40, 90, 25, 120, 12, 60} {
		x.resize(width)
		time.Sleep(120 * time.Millisecond) // a terminal's user is not virtual
	}
	x.ends(cmd, exitDone)
	x.await(`Next +nothing`)
	text := x.text()
	_, shown, _ := strings.Cut(text, "to send them: 21\n")
	line, rest, _ := strings.Cut(shown, "\n")
	if !regexp.MustCompile(`^(100% \[=+\] +)?21 of 21`).MatchString(line) || !strings.HasPrefix(rest, "Manifest    payments.csv") {
		t.Errorf("the progress line left something behind:\n%s", text)
	}
	if colour := regexp.MustCompile("\x1b\\[[0-9;]*m"); colour.MatchString(x.bytes()) {
		t.Errorf("there are colours:\n%q", x.bytes())
	}
}

// TestTerminalAsked answers the question in other ways than yes.
func TestTerminalAsked(t *testing.T) {
	s := newShop(t, 0)
	for _, tt := range []struct {
		rows   int
		answer string
	}{{3, "n\n"}, {3, "\n"}, {3, "\x04"}, {3, "\x03"}, {21, "y\n"}, {21, "20\n"}} {
		folder := t.TempDir()
		payments(t, folder, tt.rows)
		x := newTTY(t, 80)
		cmd := x.start(folder, shopEnv(s, "10"), "run", "payments.csv")
		x.await(`(\[y/N\]|send them:)$`)
		x.typed(tt.answer)
		x.ends(cmd, exitInterrupted)
		if n := s.arrived.Load(); n != 0 {
			t.Fatalf("%q: %d requests", tt.answer, n)
		}
	}
}

// TestTerminalAskedAnyway: where the output goes does not matter to who is asked.
func TestTerminalAskedAnyway(t *testing.T) {
	s, folder := newShop(t, 0), t.TempDir()
	payments(t, folder, 3)
	for _, tt := range []struct {
		answer      string
		code, count int
		says        string
	}{{"n\n", exitInterrupted, 0, "not started; nothing was sent"}, {"\x03", exitInterrupted, 0, "not started; nothing was sent"}, {"y\n", exitDone, 3, "3  confirmed"}} {
		log, err := os.Create(filepath.Join(folder, "log"))
		if err != nil {
			t.Fatal(err)
		}
		x := newTTY(t, 200)
		x.away = log
		cmd := x.start(folder, shopEnv(s, "10"), "run", "payments.csv")
		x.await(`Warnings \(1\)\n(.*\n)*Send 3 updates .*\[y/N\]$`)
		x.typed(tt.answer)
		x.ends(cmd, tt.code)
		log.Close()
		said, err := os.ReadFile(log.Name())
		if err != nil || !strings.Contains(string(said), tt.says) || strings.Contains(string(said), "stopping") {
			t.Errorf("%q: %v\n%s", tt.answer, err, said)
		}
		if n := s.arrived.Load(); int(n) != tt.count {
			t.Fatalf("%q: %d requests", tt.answer, n)
		}
	}
}

// TestTerminalBackground: a shell's background job is not asked, and waits for
// nobody.
func TestTerminalBackground(t *testing.T) {
	s, folder := newShop(t, 0), t.TempDir()
	payments(t, folder, 3)
	x := newTTY(t, 200)
	x.background = true
	cmd := x.start(folder, shopEnv(s, "10"), "run", "payments.csv")
	x.await(`whether to start cannot be asked in the background\n.*--yes.*nothing was sent`)
	x.ends(cmd, exitStopped)
	if n := s.arrived.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestTerminalSettleDeclined: who does not want to send again has settled nothing.
func TestTerminalSettleDeclined(t *testing.T) {
	s, folder := newBadShop(t, 0, map[string]float64{"drop": 1}), t.TempDir()
	write(t, filepath.Join(folder, "m.csv"), "bill_id,status,date,rpo\n1,sent,1362254400,A1\n2,sent,1362254400,A2\n")
	x := newTTY(t, 200)
	x.ends(x.start(folder, shopEnv(s, "10"), "run", "--yes", "m.csv"), exitDoubts)
	sent := s.arrived.Load()
	for _, answer := range []string{"n\n", "\x03"} {
		x := newTTY(t, 200)
		cmd := x.start(folder, shopEnv(s, "10"), "settle", "--resend")
		x.await(`Send 2 updates again\? \[y/N\]$`)
		x.typed(answer)
		x.ends(cmd, exitInterrupted)
		x.await(`sent of bill 2 .*: still unknown: nothing was decided\n0 updates settled, 2 left\n(.*\n)*.*not started; nothing was sent`)
	}
	if n := s.arrived.Load(); n != sent {
		t.Errorf("%d requests more", n-sent)
	}
}

// TestTerminalInterrupted drains at the first interrupt.
func TestTerminalInterrupted(t *testing.T) {
	s, folder := newShop(t, 0), t.TempDir()
	payments(t, folder, 100)
	x := newTTY(t, 80)
	cmd := x.start(folder, shopEnv(s, "20"), "run", "--yes", "payments.csv")
	x.await(`[1-9]\d* of 100`)
	x.typed("\x03")
	x.ends(cmd, exitInterrupted)
	x.await(`hint: the same command goes on`)
	if got := x.text(); !strings.Contains(got, "\nbillmark: stopping: nothing more is started") ||
		!regexp.MustCompile(`Next +billmark run --yes payments.csv goes on from there`).MatchString(got) {
		t.Error(got)
	}
}

// TestInit walks through the first set-up: a wrong key, a wrong order number,
// the right ones; and then a run that needs no settings.
func TestInit(t *testing.T) {
	s, folder := newShop(t, 0), t.TempDir()
	x := newTTY(t, 100)
	cmd := x.start(folder, []string{"BILLMARK_API=" + s.url}, "init")
	x.await(`Login of the account.*:$`)
	x.typed("no login\n")
	x.await(`(?s)Login of the account.*Login of the account[^\n]*:$`)
	x.typed(shopAccount + "\n")
	x.await(`API key.*:$`)
	x.typed("0000\n")
	x.await(`Number of an order.*:$`)
	x.typed("100000\n")
	x.await(`(?s)does not accept this login or key.*Login of the account[^\n]*\[` + shopAccount + `\]:$`)
	x.typed("\n")
	x.await(`(?s)does not accept.*API key[^\n]*:$`)
	x.typed(shopKey + "\n")
	x.await(`(?s)does not accept.*Number of an order[^\n]*:$`)
	x.typed("77404\n")
	x.await(`The key is right \(about this order the API says: there is no such order`)
	x.await(`Write them\?.*:$`)
	x.typed("\n")
	x.await(`A rehearsal now.*:$`)
	x.typed("n\n")
	x.ends(cmd, exitDone)
	if strings.Contains(x.bytes(), shopKey) {
		t.Error("the key was shown")
	}
	key := filepath.Join(folder, ".config", "billmark", shopAccount+".key")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	payments(t, folder, 1)
	y := newTTY(t, 100)
	y.ends(y.start(folder, nil, "run", "--rate", "0", "--yes", "payments.csv"), exitDone)
	if got := s.sandbox.Applied("100000"); len(got) != 1 {
		t.Errorf("applied: %v\n%s", got, y.text())
	}
}

// TestInitInterrupted saves nothing, and gives the terminal back as it was.
func TestInitInterrupted(t *testing.T) {
	folder := t.TempDir()
	x := newTTY(t, 100)
	cmd := x.start(folder, nil, "init")
	x.await(`Login of the account.*:$`)
	x.typed("shop7\n")
	x.await(`API key.*:$`)
	x.typed("\x03")
	x.ends(cmd, exitInterrupted)
	x.await(`nothing was saved`)
	state, err := unix.IoctlGetTermios(int(x.slave.Fd()), unix.TCGETS)
	if err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal does not echo any more: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, ".config")); !os.IsNotExist(err) {
		t.Error("something was written")
	}
}

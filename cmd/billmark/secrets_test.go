package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// canary is a key that would be noticed wherever it turned up.
const canary = "Kanarienvogel~42+Schl/uessel%"

// shapes are the forms in which a key could leave: as it is, in hex, in base64
// at each of its three offsets, and url-encoded.
func shapes(secret string) map[string]string {
	list := map[string]string{
		"plain": secret, "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"query": url.QueryEscape(secret), "path": url.PathEscape(secret), "quoted": strings.Trim(fmt.Sprintf("%q", secret), `"`),
	}
	for offset := range 3 {
		padded := base64.StdEncoding.EncodeToString(append(make([]byte, offset), secret...))
		inner := padded[offset+2 : len(padded)-4]
		list[fmt.Sprintf("base64 at %d", offset)] = inner
		list[fmt.Sprintf("base64url at %d", offset)] = strings.NewReplacer("+", "-", "/", "_").Replace(inner)
	}
	return list
}

// asChild is billmark as a process of its own with a home, a folder for
// temporary files and a working folder, all under folder.
func asChild(folder string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = folder
	cmd.Env = append([]string{childVariable + "=", "HOME=" + folder, "TMPDIR=" + folder, "PATH=" + os.Getenv("PATH"), "GOTRACEBACK=all"}, env...)
	return cmd
}

// everything gives the contents of all files under a folder.
func everything(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestKeyStaysSecret looks for the key wherever billmark writes: output, logs,
// journal, reports, temporary files, the command line, and what it prints when
// it is made to crash in the middle of a run.
func TestKeyStaysSecret(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("NOT CHECKED: the command line of a process cannot be read here")
	}
	account, err := signer.NewAccount("shop7", canary)
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := startSandbox(sandbox.New(sandbox.Config{
		Account: account, Latency: 20 * time.Millisecond,
		Faults: map[string]float64{"badhash": 0.1, "drop": 0.1, "html": 0.1},
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	folder := t.TempDir()
	manifest := "bill_id,status,date,rpo\n"
	for i := range 120 {
		manifest += fmt.Sprintf("%d,paid,1362254400,\n", 1000+i*401)
	}
	write(t, filepath.Join(folder, "m.csv"), manifest)
	env := []string{"BILLMARK_ACCOUNT=shop7", "BILLMARK_KEY=" + canary, "BILLMARK_API=" + address, "BILLMARK_RATE=0"}
	args := []string{
		"run", "--verbose", "--log-file", "log.json", "--max-failures", "100", "--report", "r.csv", "--report", "r.html",
		"--report", "r.jsonl", "--report", "r.xlsx", "m.csv",
	}
	heard := map[string][]byte{}
	crash := asChild(folder, env, args...)
	var out bytes.Buffer
	crash.Stdout, crash.Stderr = &out, &out
	if err := crash.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(300) * time.Millisecond) // any moment will do
	heard["command line"], _ = os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", crash.Process.Pid))
	crash.Process.Signal(syscall.SIGQUIT)
	crash.Wait()
	heard["crash"] = out.Bytes()
	again, err := asChild(folder, env, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	heard["output"] = again
	for path, text := range everything(t, folder) {
		heard[path] = text
	}
	if len(heard) < 8 || !bytes.Contains(heard["output"], []byte("confirmed")) {
		t.Fatalf("too little was heard:\n%s", again)
	}
	for where, text := range heard {
		for shape, secret := range shapes(canary) {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s: the key stands there (%s)", where, shape)
			}
		}
		if bytes.Contains(text, []byte("&hash=")) {
			t.Errorf("%s: a request's hash stands there", where)
		}
	}
}

// TestHostileText: what the service writes cannot move a cursor, begin a line
// of its own, or run in a spreadsheet.
func TestHostileText(t *testing.T) {
	account, err := signer.NewAccount("shop7", canary)
	if err != nil {
		t.Fatal(err)
	}
	const text = "\x1b[2J\x1b]0;owned\x07\r\nbillmark: error: all is well\n\u202egnp.exe\u2066\x00=1+1"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(fmt.Appendf(nil, `{"error_code":200,"error_text":%s,"hash":%q}`, inJSON(t, text), account.SignReply("200", text)))
	}))
	defer server.Close()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "m.csv"), "bill_id,status,date\n1,paid,1362254400\n2,cancel,\n\"3\x1b[2J\",cancel,\n")
	env := []string{"BILLMARK_ACCOUNT=shop7", "BILLMARK_KEY=" + canary, "BILLMARK_API=" + server.URL + "/api/", "BILLMARK_RATE=0"}
	output, _ := asChild(folder, env, "run", "--verbose", "--max-invalid", "1", "--log-file", "log.json", "--report", "r.csv", "m.csv").CombinedOutput()
	if !strings.Contains(string(output), "2  rejected") {
		t.Fatalf("the service's text was not met:\n%s", output)
	}
	files := map[string]string{"output": string(output)}
	for _, name := range []string{"log.json"} {
		files[name] = readFile(t, filepath.Join(folder, name))
	}
	_, reported, _ := strings.Cut(readFile(t, filepath.Join(folder, "r.csv")), "\n")
	files["r.csv"] = strings.ReplaceAll(reported, "3\x1b[2J", "") // the manifest's own cell is as it was
	for where, text := range files {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "billmark: error: all is well") || strings.HasPrefix(line, "=") {
				t.Errorf("%s: the service began a line: %q", where, line)
			}
		}
		for _, r := range text {
			if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) {
				t.Errorf("%s holds %q", where, r)
				break
			}
		}
	}
}

func inJSON(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

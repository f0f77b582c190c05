package main

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// eavesdropper is a server that keeps what it was sent: as the API, with the
// sandbox behind it, or as a webhook.
type eavesdropper struct {
	behind http.Handler // nil: say nothing

	mu    sync.Mutex
	heard []string // requests, headers and bodies
}

func (e *eavesdropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", r.Method, r.URL)
	r.Header.Write(&text)
	e.heard = append(e.heard, text.String()+"\n"+string(body))
	e.mu.Unlock()
	if e.behind != nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		e.behind.ServeHTTP(w, r)
	}
}

// hashes are those of the requests that came.
func (e *eavesdropper) hashes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, text := range e.heard {
		if _, hash, ok := strings.Cut(text, "&hash="); ok {
			list = append(list, hash)
		}
	}
	return list
}

// TestNothingSecretLeaves looks for the key, and for the hashes of requests and
// replies, which are as good as the key for one update, in all that other
// commands and other ways out give away: the file of rows to mend, the webhook,
// the command that is told, its environment, the status file, history and
// settle, words for programs; with the key in a file.
func TestNothingSecretLeaves(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("NOT CHECKED: there is no sh for --notify to run")
	}
	account, err := signer.NewAccount("shop7", canary)
	if err != nil {
		t.Fatal(err)
	}
	api := &eavesdropper{behind: sandbox.New(sandbox.Config{
		Account: account, Faults: map[string]float64{"badhash": 0.1, "drop": 0.1, "html": 0.1, "500": 0.1, "cut": 0.1},
	})}
	server, hook := httptest.NewServer(api), &eavesdropper{}
	defer server.Close()
	hooked := httptest.NewServer(hook)
	defer hooked.Close()
	folder, vault := t.TempDir(), filepath.Join(t.TempDir(), "key")
	manifest := "bill_id,status,date,rpo\n"
	for i := range 60 {
		manifest += fmt.Sprintf("%d,paid,1362254400,\n", 1000+i)
	}
	write(t, filepath.Join(folder, "m.csv"), manifest+"1404,paid,1362254400,\n007,paid,1362254400,\n")
	if err := os.WriteFile(vault, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	notify := "cat > notified; env > environment; tr '\\0' ' ' < /proc/$PPID/cmdline > parent 2>/dev/null; exit 0"
	write(t, filepath.Join(folder, "notify.sh"), notify+"\n")
	heard := map[string]string{}
	for name, env := range map[string][]string{"in a file": {"BILLMARK_KEY_FILE=" + vault}, "in the environment": {"BILLMARK_KEY=" + canary}} {
		env = append(env, "BILLMARK_ACCOUNT=shop7", "BILLMARK_API="+server.URL+"/api/")
		for _, args := range [][]string{
			{"check", "--json", "m.csv"},
			{"run", "--rate", "0", "--verbose", "--log-file", "log.json", "--max-failures", "100%", "--webhook", hooked.URL, "--notify", "sh notify.sh", "--status-file", "status.json", "m.csv"},
			{"run", "--rate", "0", "--json", "--max-failures", "100%", "m.csv"},
			{"report", "--report", "r.html", "--report", "r.jsonl", "--report", "r.xlsx", "m.csv"},
			{"history"},
			{"history", "--json"},
			{"settle", "--rate", "0", "--json"},
			{"profiles"},
			{"run", "--rate", "0", "--api", "http://127.0.0.1:1/api/", "--journal", "other", "--attempts", "1", "m.csv"},
			{"run", "--no-such-flag", "m.csv"},
		} {
			child := asChild(folder, env, args...)
			child.Path = program(t) // starts far sooner than a child with the race detector
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			heard[fmt.Sprintf("output of %v, key %s", args, name)] = string(out)
		}
	}
	for path, text := range everything(t, folder) {
		heard[path] = string(text)
		for name, part := range unzipped(text) {
			heard[path+": "+name] = string(part)
		}
	}
	hook.mu.Lock()
	heard["the webhook"] = strings.Join(hook.heard, "\n")
	hook.mu.Unlock()
	for _, must := range []string{"m.failed.csv", "notified", "environment", "status.json", "log.json", "r.html", "r.xlsx"} {
		if heard[filepath.Join(folder, must)] == "" {
			t.Errorf("%s was not written", must)
		}
	}
	if len(hook.heard) != 2 || len(api.hashes()) < 60 {
		t.Fatalf("too little was heard: %d at the webhook, %d requests", len(hook.heard), len(api.hashes()))
	}
	secrets := shapes(canary)
	for i, hash := range append(api.hashes(), account.SignReply("0", "ok"), account.SignReply("200", "there is no such order")) {
		raw, err := hex.DecodeString(hash)
		if err != nil {
			t.Fatal(err)
		}
		secrets[fmt.Sprintf("hash %d", i)], secrets[fmt.Sprintf("raw hash %d", i)], secrets[fmt.Sprintf("HASH %d", i)] = hash, string(raw), strings.ToUpper(hash)
	}
	for where, text := range heard {
		for shape, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s: a secret stands there (%s)", where, shape)
			}
		}
	}
}

// unzipped gives the parts of what is a zip archive.
func unzipped(text []byte) map[string][]byte {
	parts := map[string][]byte{}
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return nil
	}
	for _, f := range z.File {
		if r, err := f.Open(); err == nil {
			parts[f.Name], _ = io.ReadAll(r)
			r.Close()
		}
	}
	return parts
}

// hostile is a text that would move a cursor, set a title, ring, begin a line,
// turn the direction of writing, leave a tag, or run in a spreadsheet.
const hostile = "=1+1\x1b[2J\x1b]0;owned\x07\x1bP\x9b31m\u009b2J\r\nbillmark: error: all is well\n\x7f\b\b\u202egnp.exe\u2066\u2028\u200b\x00<script>alert(1)</script>&lt;"

// harmless fails the test if a text can do any of that.
func harmless(t *testing.T, where, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "billmark: error: all is well") {
			t.Errorf("%s: somebody else began a line: %q", where, line)
		}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) || r == '\u2028' {
			t.Errorf("%s holds %q: %.300q", where, r, text)
			return
		}
	}
}

// texts gives every text of a JSON value, decoded.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			list = append(list, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			list = append(list, texts(e)...)
		}
	}
	return list
}

// TestHostileTextEverywhere: what the service writes stays text in every
// report, in the words for programs, for a webhook and in the status file; as
// the reason of a rejection, and as that of a stop, for which it takes no key.
func TestHostileTextEverywhere(t *testing.T) {
	wrong, met := strings.ToValidUTF8(hostile, "?"), 0
	for _, body := range []string{
		fmt.Sprintf(`{"error_code":200,"error_text":%s,"hash":%q}`, inJSON(t, wrong), hashOf("200", wrong)),
		fmt.Sprintf(`{"error_code":7,"error_text":%s,"hash":%q}`, inJSON(t, wrong), hashOf("7", wrong)),
		fmt.Sprintf(`{"error_code":4,"error_text":%s,"hash":"00000000000000000000000000000000"}`, inJSON(t, wrong)),
		fmt.Sprintf(`{"error_code":0,"error_text":%s,"hash":"00000000000000000000000000000000"}`, inJSON(t, wrong)),
		fmt.Sprintf(`{"error_code":0,"error_text":%s,"hash":%q}`, inJSON(t, wrong), hashOf("0", wrong)),
		hostile,
	} {
		api := newOddServer(t, nil, func(string) *oddReply {
			return &oddReply{text: http11("200 \x1b[2J\x1b]0;owned\x07", body)}
		})
		api2 := newOddServer(t, nil, func(string) *oddReply { return &oddReply{text: answers(body)} })
		for _, server := range []*oddServer{api, api2} {
			met += hostileRun(t, server.url())
		}
	}
	if met < 8 {
		t.Errorf("what the service wrote was met in %d reports only", met)
	}
}

// hostileRun is a run against something hostile. It counts the reports in which
// a part of that is met.
func hostileRun(t *testing.T, api string) (met int) {
	t.Helper()
	hook := &eavesdropper{}
	hooked := httptest.NewServer(hook)
	defer hooked.Close()
	s := newShop(t, 0)
	s.url = api
	payments(t, s.folder, 2)
	at := func(name string) string { return filepath.Join(s.folder, name) }
	args := s.args("run", "--json", "--verbose", "--log-file", at("log.json"), "--status-file", at("status.json"), "--webhook", hooked.URL,
		"--report", at("r.csv"), "--report", at("r.html"), "--report", at("r.xlsx"), "--report", at("r.jsonl"), at("payments.csv"))
	_, out, text := s.here(nil, args...)
	harmless(t, "standard error", text)
	harmless(t, "standard output", out)
	forPrograms := map[string]string{"standard output": out, "the webhook": hook.heard[0][strings.Index(hook.heard[0], "{"):]}
	for _, name := range []string{"log.json", "status.json", "r.jsonl"} {
		forPrograms[name] = readFile(t, at(name))
	}
	for where, text := range forPrograms {
		for line := range strings.Lines(text) {
			var v any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Errorf("%s: %v: %q", where, err, line)
			}
			for _, text := range texts(v) {
				harmless(t, where, text)
			}
		}
	}
	for _, name := range []string{"r.csv", "r.html"} {
		harmless(t, name, strings.ReplaceAll(readFile(t, at(name)), "\t", " "))
	}
	if page := readFile(t, at("r.html")); strings.Contains(page, "<script>alert") {
		t.Error("r.html runs what the service wrote")
	}
	for name, part := range unzipped([]byte(readFile(t, at("r.xlsx")))) {
		if strings.HasSuffix(name, ".xml") {
			harmless(t, "r.xlsx: "+name, strings.NewReplacer("\r", "", "\t", "").Replace(string(part)))
		}
	}
	for _, command := range []string{"history", "settle"} {
		_, out, text := s.here(nil, s.args(command)...)
		harmless(t, command, out+text)
	}
	if strings.Contains(forPrograms["r.jsonl"], "owned") {
		met++
	}
	return met
}

// TestHostileCertificate: a server that is not the API cannot write to the
// terminal through the names in its certificate either.
func TestHostileCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const name = "\x1b[2J\x1b]0;owned\x07\r\nbillmark: error: all is well\n"
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	template.Subject.CommonName, template.Subject.Organization = name, []string{name}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	server := forger(t, &asked)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // so that the certificate's names are told
	hostileRun(t, named+"/api/")
	well := newShop(t, 0)
	payments(t, well.folder, 1)
	_, out, text := well.here(nil, well.args("run", "--webhook", named, filepath.Join(well.folder, "payments.csv"))...)
	if harmless(t, "a webhook's server", out+text); !strings.Contains(text, "warning: --webhook") {
		t.Errorf("the webhook's server was trusted:\n%s", text)
	}
	if asked.Load() != 0 {
		t.Error("it was asked")
	}
}

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPin: with the right pin the server is trusted, with another one nothing
// is sent although its certificate is valid.
func TestPin(t *testing.T) {
	s := newShop(t, 0)
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(discard{}, "", 0)
	server.StartTLS()
	defer server.Close()
	s.url = server.URL + "/api/"
	roots := filepath.Join(s.folder, "roots.pem")
	certificate := server.Certificate()
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	payments(t, s.folder, 2)
	manifest := filepath.Join(s.folder, "payments.csv")
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	right := pinPrefix + base64.StdEncoding.EncodeToString(sum[:])
	sum[0] ^= 1
	wrong := pinPrefix + base64.StdEncoding.EncodeToString(sum[:])

	code, _, text := s.here(nil, s.args("run", "--yes", "--ca-file", roots, "--pin", wrong, manifest)...)
	if code != exitStopped || !strings.Contains(text, "not the pinned one") || s.arrived.Load() != 0 {
		t.Errorf("a wrong pin: code %d, %d requests:\n%s", code, s.arrived.Load(), text)
	}
	code, _, text = s.here(nil, s.args("run", "--yes", "--ca-file", roots, "--pin", right, manifest)...)
	if code != exitDone || s.arrived.Load() != 2 {
		t.Errorf("the right pin: code %d, %d requests:\n%s", code, s.arrived.Load(), text)
	}
	for _, bad := range []string{"", "sha256//", "sha256//AAAA", strings.TrimPrefix(right, pinPrefix), right + "A"} {
		if code, _, text = s.here(nil, s.args("run", "--pin", bad, manifest)...); code != exitUsage || !strings.Contains(text, "sha256//") {
			t.Errorf("--pin %q: code %d:\n%s", bad, code, text)
		}
	}
}

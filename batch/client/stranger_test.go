package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestStranger: the names in a stranger's certificate cannot write to a
// terminal, and the cause can still be told.
func TestStranger(t *testing.T) {
	cert := theAuthority().issue(time.Now().Add(time.Hour), "\x1b[2J\r\nall is well\x7f.test")
	srv := newServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, answer(ordinaryReply("")))
	u := srv.url(true)
	c := open(t, Config{URL: &url.URL{Scheme: "https", Host: "localhost:" + u.Port(), Path: "/"}})
	err := c.Connect(context.Background())
	var invalid *tls.CertificateVerificationError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "all is well") {
		t.Fatalf("got %v", err)
	}
	if strings.ContainsFunc(err.Error(), unicode.IsControl) {
		t.Errorf("got %q", err)
	}
}

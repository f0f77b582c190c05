package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// mute is a service that takes updates and never answers them; orders can be
// read back. What it is told to lose it does not even take.
type mute struct {
	*sandbox.Sandbox
	loses   func(bill string) bool
	updates atomic.Int32
}

func (s *mute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/UpdateOrderStatus") {
		s.Sandbox.ServeHTTP(w, r)
		return
	}
	s.updates.Add(1)
	body, err := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	if err == nil && !s.loses(form.Get("bill_id")) {
		copied := httptest.NewRequest(http.MethodPost, r.URL.Path, bytes.NewReader(body))
		copied.Header = r.Header
		s.Sandbox.ServeHTTP(httptest.NewRecorder(), copied)
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// exitStatus runs billmark in a folder and gives its exit status and output.
func exitStatus(t *testing.T, folder string, env []string, args ...string) (int, string) {
	t.Helper()
	out, err := asChild(folder, env, args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), string(out)
	case err != nil:
		t.Fatal(err)
	}
	return 0, string(out)
}

// TestSettleByReadingBack: payments and cancellations whose reply was lost are
// settled by what the orders say; nothing is sent for that.
func TestSettleByReadingBack(t *testing.T) {
	account, err := signer.NewAccount("shop7", canary)
	if err != nil {
		t.Fatal(err)
	}
	s := &mute{Sandbox: sandbox.New(sandbox.Config{Account: account}), loses: func(bill string) bool { return bill == "3" }}
	server := httptest.NewServer(s)
	defer server.Close()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "m.csv"), "bill_id,status,date\n1,paid,1362254400\n2,cancel,\n3,paid,1362254400\n1,paid,1362254500\n")
	env := []string{"BILLMARK_ACCOUNT=shop7", "BILLMARK_KEY=" + canary, "BILLMARK_API=" + server.URL + "/api/", "BILLMARK_RATE=0"}
	expect := func(code int, contains []string, args ...string) {
		t.Helper()
		got, out := exitStatus(t, folder, env, args...)
		if got != code {
			t.Fatalf("%v: exit status %d, not %d\n%s", args, got, code, out)
		}
		for _, text := range contains {
			if !strings.Contains(out, text) {
				t.Errorf("%v: no %q in\n%s", args, text, out)
			}
		}
	}
	expect(4, []string{"3  unknown", "1  unsent"}, "run", "m.csv")
	expect(4, []string{
		"paid of bill 1 of 2013-03-02T20:00:00Z, run 1 line 2: confirmed: the order is paid, with this date",
		"cancel of bill 2, run 1 line 3: confirmed: the order is cancelled",
		"paid of bill 3 of 2013-03-02T20:00:00Z, run 1 line 4: still unknown: ", "less than 10 minutes old", "2 updates settled, 1 left",
	}, "settle", "m.csv")
	if n := s.updates.Load(); n != 3 {
		t.Fatalf("%d updates were posted, not 3", n)
	}
	// What was held behind the settled one goes on now.
	expect(4, []string{"2  confirmed", "2  unknown"}, "run", "m.csv")
	expect(4, nil, "settle")
	expect(0, []string{"confirmed: seen"}, "settle", "--confirm", "3", "--reason", "seen")
	expect(0, []string{"4  confirmed"}, "run", "m.csv")
	if n := s.updates.Load(); n != 4 {
		t.Errorf("%d updates were posted, not 4", n)
	}
}

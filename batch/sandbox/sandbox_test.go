package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"billmark/signer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

func account(t testing.TB) signer.Account {
	t.Helper()
	a, err := signer.NewAccount("username", key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// form reads "a=1&b=2".
func form(t testing.TB, text string) signer.Form {
	t.Helper()
	f, err := signer.ParseForm([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func signed(t testing.TB, text string) string {
	t.Helper()
	return string(account(t).Sign(nil, form(t, text)))
}

// ask asks the handler itself, without a network.
func ask(s http.Handler, function, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/api/"+function, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// say updates an order and gives the code of the reply, which must be genuine.
func say(t *testing.T, s *Sandbox, text string) string {
	t.Helper()
	return code(t, ask(s, update, signed(t, text)))
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	r, err := account(t).Verify(w.Body.Bytes())
	if err != nil || w.Code != 200 {
		t.Fatalf("status %d, %s: %v", w.Code, w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("the type is %q", got)
	}
	return r.Code
}

const sent = "bill_id=100000&status=sent&date=1362254400&rpo=10000000000000"

func TestCodes(t *testing.T) {
	for _, test := range []struct{ name, function, body, want string }{
		{"sent", update, signed(t, sent), "0"},
		{"paid", update, signed(t, "bill_id=1&status=paid&date=1362254400"), "0"},
		{"return", update, signed(t, "bill_id=1&status=return"), "0"},
		{"cancel", update, signed(t, "bill_id=999999999999999999&status=cancel"), "0"},
		{"fields it does not take", update, signed(t, "bill_id=1&status=cancel&date=&rpo="), "0"},
		{"another order", update, signed(t, "status=cancel&bill_id=1"), "0"},
		{"any tracking number", update, signed(t, "bill_id=1&status=sent&date=1&rpo=RR+123%7E456-7_8.9"), "0"},

		{"nothing", update, "", "2"},
		{"too much", update, strings.Repeat("x", bodyLimit+1), "2"},
		{"no hash", update, sent, "1"},
		{"empty hash", update, sent + "&hash=", "1"},
		{"wrong hash", update, sent + "&hash=92cea5ba30b463b8c3b234e3d2945e66", "4"},
		{"upper-case hash", update, sent + "&hash=92CEA5BA30B463B8C3B234E3D2945E65", "4"},
		{"hash of something else", update, strings.Replace(signed(t, sent), "100000", "100001", 1), "4"},
		{"hash of another order of fields", update, "status=cancel&bill_id=100000&hash=e6f34e400659b7cbcc81554b735aa38a", "4"},
		{"a name twice", update, signed(t, "bill_id=1&bill_id=1&status=cancel"), "4"},
		{"no form", update, "hash", "4"},
		{"broken encoding", update, "bill_id=%zz&status=cancel&hash=e6f34e400659b7cbcc81554b735aa38a", "4"},
		{"hash before order number", update, "bill_id=x&status=cancel&hash=e6f34e400659b7cbcc81554b735aa38a", "4"},

		{"no order number", update, signed(t, "status=cancel"), "3"},
		{"empty order number", update, signed(t, "bill_id=&status=cancel"), "3"},
		{"order number 0", update, signed(t, "bill_id=0&status=cancel"), "3"},
		{"order number 007", update, signed(t, "bill_id=007&status=cancel"), "3"},
		{"order number -1", update, signed(t, "bill_id=-1&status=cancel"), "3"},
		{"order number 1e5", update, signed(t, "bill_id=1e5&status=cancel"), "3"},
		{"order number 1,234", update, signed(t, "bill_id=1%2C234&status=cancel"), "3"},
		{"19 digits", update, signed(t, "bill_id=1000000000000000000&status=cancel"), "3"},
		{"no status", update, signed(t, "bill_id=1"), "3"},
		{"no such order", update, signed(t, "bill_id=100404&status=cancel"), "200"},
		{"no such order before the fields", update, signed(t, "bill_id=404&status=paid"), "200"},
		{"no such order before the status", update, signed(t, "bill_id=404&status=lost"), "200"},
		{"sent without date", update, signed(t, "bill_id=1&status=sent&rpo=1"), "3"},
		{"sent without number", update, signed(t, "bill_id=1&status=sent&date=1"), "3"},
		{"sent with number 0", update, signed(t, "bill_id=1&status=sent&date=1&rpo=0"), "3"},
		{"sent with blanks", update, signed(t, "bill_id=1&status=sent&date=1&rpo=+"), "3"},
		{"paid without date", update, signed(t, "bill_id=1&status=paid"), "3"},
		{"paid on an ISO date", update, signed(t, "bill_id=1&status=paid&date=2013-03-03"), "3"},
		{"paid in milliseconds", update, signed(t, "bill_id=1&status=paid&date=1362254400000"), "3"},
		{"unknown status", update, signed(t, "bill_id=1&status=lost"), "201"},
		{"status in capitals", update, signed(t, "bill_id=1&status=Paid&date=1"), "201"},

		{"read", details, signed(t, "bill_id=1"), "0"},
		{"read with goods", details, signed(t, "bill_id=1&good_info=1"), "0"},
		{"read what is not there", details, signed(t, "bill_id=1404"), "400"},
		{"read nothing", details, signed(t, "good_info=1"), "3"},
		{"read, nothing posted", details, "", "2"},
		{"read without hash", details, "bill_id=1", "1"},
		{"read with a wrong hash", details, "bill_id=1&hash=92cea5ba30b463b8c3b234e3d2945e65", "4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(Config{Account: account(t), Keep: true})
			w := ask(s, test.function, test.body)
			if got := code(t, w); got != test.want {
				t.Errorf("got %s, want %s", w.Body, test.want)
			}
			r := s.Requests()[0]
			changes := test.want == "0" && test.function == update
			if r.Code != test.want || r.Applied != changes || r.Function != test.function || r.Status != 200 {
				t.Errorf("on record: %+v", r)
			}
			if (len(s.Orders()) == 1) != changes {
				t.Errorf("it believes %v", s.Orders())
			}
		})
	}
}

// TestWrongType: PHP reads nothing from a body that is not said to be a form.
func TestWrongType(t *testing.T) {
	s := New(Config{Account: account(t)})
	for kind, want := range map[string]string{
		"application/x-www-form-urlencoded":                  "0",
		"Application/X-WWW-Form-Urlencoded ; charset=utf-8 ": "0",
		"application/json":                                   "2",
		"":                                                   "2",
	} {
		r := httptest.NewRequest("POST", "/api/"+update, strings.NewReader(signed(t, sent)))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := code(t, w); got != want {
			t.Errorf("%q: got %s, want %s", kind, got, want)
		}
	}
}

// TestKnownExchange: both hashes were computed outside of this program.
func TestKnownExchange(t *testing.T) {
	s := New(Config{Account: account(t)})
	got := ask(s, update, sent+"&hash=92cea5ba30b463b8c3b234e3d2945e65").Body.String()
	if want := `{"error_code":0,"error_text":"ok","hash":"ffe12101a35998cbb60b510662de528e"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOtherPaths(t *testing.T) {
	s := New(Config{Account: account(t)})
	for _, test := range []struct{ method, path string }{
		{"GET", "/"},
		{"GET", "/api/UpdateOrderStatus"},
		{"POST", "/api/updateorderstatus"},
		{"POST", "/api/GetOrderDetails"},
		{"POST", "/UpdateOrderStatus"},
		{"POST", "/orders"},
		{"GET", "/orders/"},
		{"POST", "/api/"},
		{"GET", "/" + strings.Repeat("x", 999)},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(test.method, test.path, strings.NewReader(signed(t, sent))))
		if w.Code != 404 || !strings.HasPrefix(w.Body.String(), "<!DOCTYPE html>") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
		}
	}
	if n := s.Counts(); n.Requests != 9 || n.Applied != 0 {
		t.Errorf("counted %+v", n)
	}
}

func TestOrders(t *testing.T) {
	s := New(Config{Account: account(t), Keep: true})
	steps := []struct {
		text string
		want Order
	}{
		{"bill_id=7&status=sent&date=5&rpo=A+b", Order{"7", "waiting", 0, "sent", 5, "A b"}},
		{"bill_id=7&status=paid&date=6", Order{"7", "paid", 6, "sent", 5, "A b"}},
		{"bill_id=7&status=return", Order{"7", "paid", 6, "return", 5, "A b"}},
		{"bill_id=7&status=cancel", Order{"7", "cancel", 0, "return", 5, "A b"}},
		{"bill_id=7&status=sent&date=8&rpo=C", Order{"7", "cancel", 0, "sent", 8, "C"}},
		{"bill_id=7&status=paid&date=9", Order{"7", "paid", 9, "sent", 8, "C"}},
	}
	for _, step := range steps {
		if got := say(t, s, step.text); got != "0" {
			t.Fatalf("%s: code %s", step.text, got)
		}
		if got := s.Orders(); len(got) != 1 || got[0] != step.want {
			t.Errorf("after %s: got %+v, want %+v", step.text, got, step.want)
		}
		checkRead(t, s, step.want)
	}
	applied := s.Applied("7")
	if len(applied) != len(steps) || applied[0] != steps[0].text || applied[5] != steps[5].text {
		t.Errorf("applied: %q", applied)
	}
	checkRead(t, s, Order{Bill: "8", PayStatus: "waiting"})
}

func checkRead(t *testing.T, s *Sandbox, want Order) {
	t.Helper()
	w := ask(s, details, signed(t, "bill_id="+want.Bill))
	r, err := account(t).Verify(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	var got struct {
		ID        string `json:"id"`
		PayStatus string `json:"pay_status"`
		Paid      int64  `json:"paid"`
	}
	if err := json.Unmarshal(r.Result, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != want.Bill || got.PayStatus != want.PayStatus || got.Paid != want.Paid {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

func TestListOfOrders(t *testing.T) {
	s := New(Config{Account: account(t)})
	list := func() string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/orders", nil))
		return strings.TrimSpace(w.Body.String())
	}
	if got := list(); got != "[]" {
		t.Errorf("at first: %s", got)
	}
	say(t, s, "bill_id=10&status=cancel")
	say(t, s, "bill_id=9&status=sent&date=5&rpo=%22")
	want := `[{"bill":"9","pay_status":"waiting","paid":0,"delivery":"sent","date":5,"rpo":"\""},` +
		`{"bill":"10","pay_status":"cancel","paid":0,"delivery":"","date":0,"rpo":""}]`
	if got := list(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := s.Counts().Requests; n != 2 {
		t.Errorf("counted %d requests", n)
	}
}

// TestMemoryIsBounded: without Keep, the orders changed first are forgotten.
func TestMemoryIsBounded(t *testing.T) {
	st := newStore(false)
	for i := range storeLimit + 10 {
		st.change(fmt.Sprint(i+1), "cancel", 0, "")
		st.change(fmt.Sprint(i+1), "return", 0, "")
		st.note(fmt.Sprint(i+1), "x")
	}
	if len(st.orders) != storeLimit || len(st.ring) != storeLimit || len(st.history) != 0 {
		t.Errorf("%d orders, %d in the ring, %d histories", len(st.orders), len(st.ring), len(st.history))
	}
	if st.get("10").PayStatus != "waiting" || st.get("11").PayStatus != "cancel" {
		t.Error("others than the first ten were forgotten")
	}
	s := New(Config{Account: account(t)})
	say(t, s, "bill_id=1&status=cancel")
	if len(s.Requests()) != 0 || len(s.Applied("1")) != 0 {
		t.Error("something was kept")
	}
}

func TestLog(t *testing.T) {
	var log bytes.Buffer
	at := time.Date(2026, 11, 23, 12, 0, 0, 1500, time.FixedZone("", 3600))
	s := New(Config{Account: account(t), Log: &log, Now: func() time.Time { return at }})
	say(t, s, sent)
	ask(s, update, "a=%22\"&hash=1")
	ask(s, details, signed(t, "bill_id=404"))
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x%22", nil))
	const time = `{"time":"2026-11-23T11:00:00.000001Z",`
	want := time + `"function":"UpdateOrderStatus","form":"` + sent + `","code":0,"verdict":"ok","status":200,"applied":true,"fault":""}` + "\n" +
		time + `"function":"UpdateOrderStatus","form":"a=%22%22","code":4,"verdict":"the hash is wrong","status":200,"applied":false,"fault":""}` + "\n" +
		time + `"function":"getOrderDetails","form":"bill_id=404","code":400,"verdict":"the order was not found","status":200,"applied":false,"fault":""}` + "\n" +
		time + `"function":"GET /x\"","form":"","code":null,"verdict":"","status":404,"applied":false,"fault":""}` + "\n"
	if got := log.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

type brokenLog struct{}

func (brokenLog) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestLogFails(t *testing.T) {
	s := New(Config{Account: account(t), Log: brokenLog{}})
	if got := say(t, s, sent); got != "0" || !errors.Is(s.Err(), io.ErrClosedPipe) {
		t.Errorf("code %s, error %v", got, s.Err())
	}
}

func TestLatency(t *testing.T) {
	s := New(Config{Account: account(t), Latency: 50 * time.Millisecond, Jitter: 10 * time.Millisecond})
	var waits []time.Duration
	s.sleep = func(d time.Duration, _ <-chan struct{}) { waits = append(waits, d) }
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		say(t, s, "bill_id=1&status=cancel")
	}
	for _, d := range waits {
		low, high = min(low, d), max(high, d)
	}
	if len(waits) != 1000 || low < 40*time.Millisecond || low > 41*time.Millisecond || high > 60*time.Millisecond || high < 59*time.Millisecond {
		t.Errorf("%d waits from %v to %v", len(waits), low, high)
	}
}

// TestManyAtOnce: what is believed, counted and logged agrees.
func TestManyAtOnce(t *testing.T) {
	var log bytes.Buffer
	s := New(Config{Account: account(t), Keep: true, Log: &log, Faults: map[string]float64{"500": 0.2, "429": 0.1, "badhash": 0.1}})
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for i := range 50 {
				ask(s, update, signed(t, fmt.Sprintf("bill_id=%d&status=cancel", 1+w*50+i)))
				if i%10 == 0 {
					s.Orders()
					s.Counts()
				}
			}
		})
	}
	wait.Wait()
	n := s.Counts()
	if lines := bytes.Count(log.Bytes(), []byte("\n")); n.Requests != 400 || lines != 400 || len(s.Requests()) != 400 {
		t.Errorf("%d requests, %d lines, %d kept", n.Requests, lines, len(s.Requests()))
	}
	if applied := bytes.Count(log.Bytes(), []byte(`"applied":true`)); n.Applied != applied || len(s.Orders()) != applied || applied == 400 || applied < 250 {
		t.Errorf("%d applied, %d logged, %d orders", n.Applied, applied, len(s.Orders()))
	}
}

// listen serves s on loopback and gives the address.
func listen(t testing.TB, s *Sandbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

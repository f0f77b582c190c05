package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// TestOneUse: with OneUse a reply that comes late, or twice, finds nobody who
// would take it for the reply to another request.
func TestOneUse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		const reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
		buf.WriteString(reply)
		buf.Flush()
		time.Sleep(time.Millisecond)
		buf.WriteString(reply) // nobody asked for this one
		buf.Flush()
	}))
	defer server.Close()
	base, err := url.Parse(server.URL + "/api/")
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{URL: base, OneUse: true})
	if err != nil {
		t.Fatal(err)
	}
	conn := c.Open()
	defer conn.Close()
	for n := range 5 {
		if _, err := conn.Post(context.Background(), "UpdateOrderStatus", []byte("a=1")); err != nil {
			t.Fatal(err)
		}
		if c.Dials() != int64(n+1) {
			t.Errorf("%d connections after %d exchanges", c.Dials(), n+1)
		}
	}
}

package sandbox

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkServe is one request without the network.
func BenchmarkServe(b *testing.B) {
	for _, bench := range []struct {
		name string
		cfg  Config
	}{
		{"bare", Config{}},
		{"log", Config{Log: io.Discard}},
		{"faults", Config{Faults: map[string]float64{"badhash": 0.01, "429": 0.01, "500": 0.01}}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.cfg.Account = account(b)
			s := New(bench.cfg)
			body := strings.NewReader("")
			r := httptest.NewRequest("POST", "/api/"+update, body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			text := signed(b, sent)
			w := &nowhere{header: make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(text)
				s.ServeHTTP(w, r)
			}
			if s.Counts().Applied == 0 {
				b.Error("nothing was applied")
			}
		})
	}
}

type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }

//go:build unix

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// tollgate is a sandbox that notes when requests come in, and how many connections
// they come on.
type tollgate struct {
	*shop
	sandbox *sandbox.Sandbox
	roots   string // file of certificates to trust, if it speaks TLS

	mu          sync.Mutex
	before      func(n int) // the n-th request is dealt with
	at          []time.Time
	connections int
}

func newTollgate(t testing.TB, config sandbox.Config) *tollgate {
	t.Helper()
	return openTollgate(t, config, false)
}

// openTollgate opens one that speaks TLS, if secure is true.
func openTollgate(t testing.TB, config sandbox.Config, secure bool) *tollgate {
	t.Helper()
	g := &tollgate{shop: &shop{t: t, folder: t.TempDir()}}
	g.behave(config)
	g.journal = filepath.Join(g.folder, "state", "shop7.journal")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.url = "http://" + l.Addr().String() + "/api/"
	if secure {
		g.roots = filepath.Join(g.folder, "roots.pem")
		l = tls.NewListener(l, ownCertificate(t, g.roots))
		g.url = "https://" + l.Addr().String() + "/api/"
	}
	server := &http.Server{Handler: g, ConnState: g.count, ErrorLog: log.New(discard{}, "", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the sandbox stopped: %v", err)
		}
	})
	return g
}

// behave puts a new sandbox behind the tollgate, and begins to count anew.
func (g *tollgate) behave(config sandbox.Config) {
	g.t.Helper()
	account, err := signer.NewAccount(shopAccount, shopKey)
	if err != nil {
		g.t.Fatal(err)
	}
	config.Account, config.Seed = account, 1
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sandbox, g.at = sandbox.New(config), nil
}

func (g *tollgate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	g.mu.Lock()
	g.at = append(g.at, now)
	s, n, before := g.sandbox, len(g.at), g.before
	g.mu.Unlock()
	if before != nil {
		before(n)
	}
	s.ServeHTTP(w, r)
}

func (g *tollgate) count(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.connections++
	}
}

// orders writes a manifest of so many payments of different orders.
func (g *tollgate) orders(rows int) string {
	g.t.Helper()
	var b bytes.Buffer
	b.WriteString("bill_id,status,date\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,paid,1362254400\n", 1_000_001+10*i)
	}
	path := filepath.Join(g.folder, "orders.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// arrivals gives the moments at which requests came, since the first.
func (g *tollgate) arrivals() []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []time.Duration
	for _, at := range g.at {
		list = append(list, at.Sub(g.at[0]))
	}
	slices.Sort(list)
	return list
}

// TestPaceOfProgram: the program keeps to its pace. How exactly is measured by
// TestPaceMeasured; a machine that is busy cannot make this one fail.
func TestPaceOfProgram(t *testing.T) {
	t.Parallel()
	const limit, rows = 20, 40
	g := newTollgate(t, sandbox.Config{Latency: 20 * time.Millisecond})
	manifest := g.orders(rows)
	start := time.Now()
	g.run("0", g.args("run", "--rate", fmt.Sprint(limit), "--workers", "16", manifest)...)
	if n := len(g.arrivals()); n != rows {
		t.Errorf("%d requests for %d rows", n, rows)
	}
	if took, least := time.Since(start), (rows-2)*time.Second/limit; took < least {
		t.Errorf("%d requests at %d/s took %v, less than %v", rows, limit, took, least)
	}
}

// measured is one line of the table of paces.
type measured struct {
	name    string
	limit   float64
	latency time.Duration
	// full says that the rate must be reached; otherwise, because the run
	// was held up, it must only not be exceeded.
	full bool
	make func(t *testing.T, m *measured) *tollgate

	requests    int
	share       float64
	first, most int // requests in the first and in the worst second
	tries       int
}

func (m *measured) allowed() int { return int(m.limit + max(2, 0.03*m.limit)) }

// look reads what the tollgate saw.
func (m *measured) look(at []time.Duration) {
	m.requests, m.share, m.first, m.most = len(at), 0, 0, 0
	if len(at) < 2 {
		return
	}
	m.share = float64(len(at)-1) / at[len(at)-1].Seconds() / m.limit
	from := 0
	for to := range at {
		for at[to]-at[from] > time.Second {
			from++
		}
		m.most = max(m.most, to-from+1)
		if at[to] <= time.Second {
			m.first++
		}
	}
}

func (m *measured) good() bool {
	return m.most <= m.allowed() && (!m.full || m.share >= 0.99 && m.share <= 1.0005)
}

const paceLasts = 20 // seconds

// plainly runs twenty seconds' worth of rows.
func plainly(t *testing.T, m *measured) *tollgate {
	g := newTollgate(t, sandbox.Config{Latency: m.latency})
	g.pacedRun(m).expect("0")
	return g
}

// securely does the same over TLS, with a handshake for each update.
func securely(t *testing.T, m *measured) *tollgate {
	g := openTollgate(t, sandbox.Config{Latency: m.latency}, true)
	g.pacedRun(m, "--ca-file", g.roots).expect("0")
	return g
}

func (g *tollgate) pacedRun(m *measured, more ...string) *child {
	args := []string{"--rate", fmt.Sprint(m.limit), "--workers", "256", "--yes", g.orders(int(m.limit * paceLasts))}
	return g.start(g.args("run", append(args, more...)...)...)
}

// stoppedFor stops the process in the middle for a while, as a closed lid does.
func stoppedFor(long time.Duration) func(*testing.T, *measured) *tollgate {
	return func(t *testing.T, m *measured) *tollgate {
		g := newTollgate(t, sandbox.Config{Latency: m.latency})
		c := g.pacedRun(m)
		for _, after := range []time.Duration{4 * time.Second, 7 * time.Second} {
			time.Sleep(after)
			c.signal(t, syscall.SIGSTOP)
			time.Sleep(long)
			c.signal(t, syscall.SIGCONT)
		}
		c.expect("0")
		return g
	}
}

func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// pausing runs against a service that now and then asks for a pause, after
// which what it refused is tried again.
func pausing(t *testing.T, m *measured) *tollgate {
	g := newTollgate(t, sandbox.Config{Latency: m.latency, Faults: map[string]float64{"429": 0.2 / m.limit}})
	g.pacedRun(m).expect("0 3")
	return g
}

// readingBack measures the read-backs of updates whose replies were lost.
func readingBack(t *testing.T, m *measured) *tollgate {
	g := newTollgate(t, sandbox.Config{Latency: m.latency, Faults: map[string]float64{"drop": 0.5}})
	manifest := g.orders(int(m.limit * paceLasts))
	g.run("4", g.args("run", "--max-failures", "100%", "--workers", "64", "--yes", manifest)...)
	g.behave(sandbox.Config{Latency: m.latency})
	g.run("4", g.args("settle", "--rate", fmt.Sprint(m.limit), "--workers", "64", manifest)...)
	return g
}

// TestPaceMeasured measures the pace where the requests arrive, for make pace.
// It needs a machine that is not too busy; what fails is tried three times, for
// a neighbour's stall between us and the server is not ours.
func TestPaceMeasured(t *testing.T) {
	if os.Getenv("BILLMARK_PACE") == "" {
		t.Skip("takes minutes of real time: make pace")
	}
	var lines []*measured
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		for _, limit := range []float64{1, 20, 100, 500} {
			lines = append(lines, &measured{name: "run", limit: limit, latency: latency, full: true, make: plainly})
		}
	}
	for _, limit := range []float64{1, 20, 100} {
		lines = append(lines, &measured{name: "run over TLS", limit: limit, latency: 50 * time.Millisecond, full: true, make: securely})
	}
	lines = append(lines, &measured{name: "run over TLS", limit: 500, latency: 50 * time.Millisecond, make: securely})
	for _, limit := range []float64{20, 100, 500} {
		lines = append(lines,
			&measured{name: "stopped for 300 ms, twice", limit: limit, latency: 50 * time.Millisecond, make: stoppedFor(300 * time.Millisecond)},
			&measured{name: "stopped for 3 s, twice", limit: limit, latency: 50 * time.Millisecond, make: stoppedFor(3 * time.Second)},
			&measured{name: "retries, pauses asked for", limit: limit, latency: 50 * time.Millisecond, make: pausing},
		)
	}
	for _, limit := range []float64{20, 100} {
		lines = append(lines, &measured{name: "settle", limit: limit, latency: 5 * time.Millisecond, make: readingBack})
	}
	for _, m := range lines {
		t.Run(fmt.Sprintf("%s at %v per second, replies in %v", m.name, m.limit, m.latency), func(t *testing.T) {
			for m.tries = 1; ; m.tries++ {
				m.look(m.make(t, m).arrivals())
				if m.good() || m.tries == 3 {
					break
				}
			}
			if !m.good() {
				t.Errorf("%.4f of the rate, %d requests in one second, of %d", m.share, m.most, m.allowed())
			}
		})
	}
	t.Log(paceTable(lines))
}

func paceTable(lines []*measured) string {
	var b strings.Builder
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\trate/s\treplies\trequests\tof the rate\tfirst second\tworst second\tallowed\ttries")
	for _, m := range lines {
		if m.tries == 0 {
			continue
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%d\t%.4f\t%d\t%d\t%d\t%d\n", m.name, m.limit, m.latency, m.requests, m.share, m.first, m.most, m.allowed(), m.tries)
	}
	w.Flush()
	return b.String()
}

// TestConnectionsMeasured: at full speed and without faults no connection is
// thrown away. It needs a machine that is not too busy: one that rests for a
// tenth of a second is not used again.
func TestConnectionsMeasured(t *testing.T) {
	if os.Getenv("BILLMARK_PACE") == "" {
		t.Skip("needs a quiet machine: make pace")
	}
	const workers = 64
	least := 1 << 30
	for range 3 {
		g := newTollgate(t, sandbox.Config{})
		g.run("0", g.args("run", "--workers", fmt.Sprint(workers), g.orders(20_000))...)
		least = min(least, g.connections)
	}
	if least > workers {
		t.Errorf("%d connections for %d workers", least, workers)
	}
	t.Logf("%d connections for %d workers and 20,000 rows", least, workers)
}

// TestConnectionEach: at any limited pace every update has a connection of its
// own, so that no reply can be taken for that to another one.
func TestConnectionEach(t *testing.T) {
	t.Parallel()
	const rows = 60
	for _, limit := range []string{"50", "300"} {
		g := newTollgate(t, sandbox.Config{})
		g.run("0", g.args("run", "--rate", limit, "--workers", "4", g.orders(rows))...)
		if g.connections != rows {
			t.Errorf("at %s/s: %d connections for %d updates", limit, g.connections, rows)
		}
	}
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// The account that all programs use.
const (
	login = "bench"
	key   = "not-a-secret"
)

// counts is what the server has seen since it was last asked to forget.
type counts struct {
	Requests, Applied, Connections int
	// First is when the first request was answered, in Unix nanoseconds.
	First int64
}

// addresses is what the server says when it is ready.
type addresses struct{ API, Meter string }

// serve is the server's process: the sandbox, and a second address at which it
// tells what it has seen. It ends with its standard input.
func serve() error {
	account, err := signer.NewAccount(login, key)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	m := &meter{Listener: l}
	m.sandbox = sandbox.New(sandbox.Config{Account: account, Now: m.now})
	side, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		bufio.NewReader(os.Stdin).ReadByte()
		cancel()
	}()
	go http.Serve(side, m)
	err = json.NewEncoder(os.Stdout).Encode(addresses{
		API: fmt.Sprintf("http://%s/api/", l.Addr()), Meter: fmt.Sprintf("http://%s/", side.Addr()),
	})
	if err != nil {
		return err
	}
	return sandbox.Serve(ctx, m, m.sandbox)
}

// meter counts what passes a listener and a sandbox behind it.
type meter struct {
	net.Listener
	sandbox     *sandbox.Sandbox
	connections atomic.Int64
	first       atomic.Int64
	forgotten   counts
}

func (m *meter) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err == nil {
		m.connections.Add(1)
	}
	return conn, err
}

// now is the sandbox's clock, which it looks at once a request.
func (m *meter) now() time.Time {
	t := time.Now()
	m.first.CompareAndSwap(0, t.UnixNano())
	return t
}

// ServeHTTP tells what was seen since the last time it was asked.
func (m *meter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c := m.sandbox.Counts()
	all := counts{Requests: c.Requests, Applied: c.Applied, Connections: int(m.connections.Load())}
	json.NewEncoder(w).Encode(counts{
		Requests: all.Requests - m.forgotten.Requests, Applied: all.Applied - m.forgotten.Applied,
		Connections: all.Connections - m.forgotten.Connections, First: m.first.Swap(0),
	})
	m.forgotten = all
}

// server is the server as the runner sees it.
type server struct {
	addresses
	command *exec.Cmd
	stop    func() error
}

func startServer(pin bool) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{self, "serve"}
	if n := runtime.NumCPU(); pin && n > 1 {
		args = append([]string{"taskset", "-c", fmt.Sprintf("0-%d", n-2)}, args...)
	}
	s := &server{command: exec.Command(args[0], args[1:]...)}
	s.command.Stderr = os.Stderr
	in, err := s.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	s.stop = func() error {
		in.Close()
		return s.command.Wait()
	}
	if err := json.NewDecoder(out).Decode(&s.addresses); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	return s, nil
}

// url is the function that everybody calls.
func (s *server) url() string { return s.API + "UpdateOrderStatus" }

// port is where the server listens.
func (s *server) port() string {
	_, port, _ := strings.Cut(strings.TrimPrefix(s.API, "http://"), ":")
	return strings.TrimSuffix(port, "/api/")
}

// counts gives what was seen since the last call.
func (s *server) counts() (c counts, err error) {
	reply, err := http.Get(s.Meter)
	if err != nil {
		return c, err
	}
	defer reply.Body.Close()
	return c, json.NewDecoder(reply.Body).Decode(&c)
}

package client

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair is two ends of a TCP connection, the first as a link has it.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close(); theirs.Close() })
	return quick(raw), theirs
}

// TestSocket: what package net promises of a connection is true of a quick one:
// everything is written however slowly it is taken, waiting ends at the
// deadline, an end is io.EOF, and a failure says what failed.
func TestSocket(t *testing.T) {
	ours, theirs := pair(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<19)
	got := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(theirs)
		got <- all
	}()
	if n, err := ours.Write(want); n != len(want) || err != nil {
		t.Fatalf("%d of %d bytes are written: %v", n, len(want), err)
	}
	ours.Close()
	if all := <-got; !bytes.Equal(all, want) {
		t.Errorf("%d bytes arrived of %d, or others", len(all), len(want))
	}
	if _, err := ours.Write(want); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing after closing: %v", err)
	}
	if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading after closing: %v", err)
	}
}

func TestSocketReads(t *testing.T) {
	ours, theirs := pair(t)
	b := make([]byte, 8)
	if n, err := ours.Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
	ours.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := ours.Read(b); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading past the deadline: %d, %v", n, err)
	}
	ours.SetDeadline(time.Time{})
	theirs.Write([]byte("reply"))
	if n, err := ours.Read(b); string(b[:n]) != "reply" || err != nil {
		t.Errorf("reading: %q, %v", b[:n], err)
	}
	go func() { // it may come while somebody waits
		theirs.Write([]byte("late"))
		theirs.Close()
	}()
	if n, err := ours.Read(b); string(b[:n]) != "late" || err != nil {
		t.Errorf("waiting: %q, %v", b[:n], err)
	}
	if n, err := ours.Read(b); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

// TestSocketFails: a broken connection gives an error that names the call.
func TestSocketFails(t *testing.T) {
	ours, theirs := pair(t)
	theirs.(*net.TCPConn).SetLinger(0)
	theirs.Close()
	_, err := ours.Read(make([]byte, 1))
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || timedOut(err) {
		t.Errorf("reading from a connection that was reset: %v", err)
	}
	if _, err = ours.Write([]byte("x")); !errors.As(err, &op) || op.Op != "write" {
		t.Errorf("writing to it: %v", err)
	}
}

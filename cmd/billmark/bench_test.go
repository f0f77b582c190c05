package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"billmark/batch/sandbox"
	"billmark/signer"
)

// benchRows is a manifest of so many plain rows, none of an order that the
// sandbox does not know.
func benchRows(b *testing.B, n int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "orders.csv")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "bill_id,status,date,rpo")
	for i := range n {
		fmt.Fprintf(w, "%d,sent,%d,1Z%09dXY\n", 1_000_001+10*i, 1_362_254_400+i%86_400, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// command carries out a command line that must succeed.
func command(b *testing.B, env map[string]string, args ...string) {
	b.Helper()
	var said bytes.Buffer
	c := &console{in: strings.NewReader(""), out: &said, err: &said, leave: func(int) {}}
	c.env = func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	if code := run(c, args); code != 0 {
		b.Fatalf("%v: code %d:\n%s", args, code, &said)
	}
}

// BenchmarkCheck is a whole check. With BenchmarkRun it is also what make
// profile measures for the compiler.
func BenchmarkCheck(b *testing.B) {
	const rows = 200_000
	manifest := benchRows(b, rows)
	b.ReportAllocs()
	for b.Loop() {
		command(b, map[string]string{"BILLMARK_TIMEZONE": "UTC"}, "check", manifest)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// BenchmarkRun is a whole run at full speed, with the sandbox in the same
// process.
func BenchmarkRun(b *testing.B) {
	const rows = 50_000
	manifest := benchRows(b, rows)
	account, err := signer.NewAccount(shopAccount, shopKey)
	if err != nil {
		b.Fatal(err)
	}
	api, stop, err := startSandbox(sandbox.New(sandbox.Config{Account: account}))
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		env := map[string]string{
			"BILLMARK_ACCOUNT": shopAccount, "BILLMARK_KEY": shopKey, "BILLMARK_API": api, "BILLMARK_TIMEZONE": "UTC",
			"BILLMARK_JOURNAL": filepath.Join(b.TempDir(), "bench.journal"),
		}
		command(b, env, "run", "--yes", "--quiet", "--rate", "0", "--workers", "64", manifest)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

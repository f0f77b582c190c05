package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"billmark/batch/client"
	"billmark/batch/sandbox"
	"billmark/signer"
)

// sandboxSettings are the flags of billmark sandbox.
type sandboxSettings struct {
	settings
	listen          string
	latency, jitter time.Duration
	fault, log      string
	seed            uint64
}

func sandboxCommand(c *console) *cobra.Command {
	s := &sandboxSettings{settings: *defaults()}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "a local stand-in for the API, that can misbehave",
		Long: `sandbox answers UpdateOrderStatus and getOrderDetails as the real API is
documented to, on this machine only. GET /orders lists what it believes. An
order number ending in 404 does not exist there; all others do.

The key comes from BILLMARK_KEY or --key-file; without one it makes one and
prints how to use it.

Kinds of --fault: 500, 502, 503, 429, drop (applied, connection closed before
the reply), refuse (closed before reading), slow, badhash, html, cut, reset.`,
		Example: `  billmark sandbox
  billmark sandbox --latency 200ms --jitter 50ms --fault drop=0.01,503=0.02 --seed 7`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return runSandbox(c, s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8787", "loopback `ADDRESS` to listen on")
	f.StringVar(&s.account, "account", "demo", "the `LOGIN` it answers for")
	f.StringVar(&s.keyFile, "key-file", "", "`FILE` that holds the key")
	f.DurationVar(&s.latency, "latency", 0, "time until a reply")
	f.DurationVar(&s.jitter, "jitter", 0, "how much the latency varies, up or down")
	f.StringVar(&s.fault, "fault", "", "`KIND=SHARE,...`: misbehave in this share of requests")
	f.Uint64Var(&s.seed, "seed", 1, "the same seed and requests give the same faults")
	f.StringVar(&s.log, "log", "", "append one JSON line a request to `FILE`")
	return cmd
}

func runSandbox(c *console, s *sandboxSettings) error {
	key, made, err := s.sandboxKey(c)
	if err != nil {
		return err
	}
	account, err := signer.NewAccount(s.account, key)
	if err != nil {
		return usage(err.Error(), "check --account and the key")
	}
	config := sandbox.Config{Account: account, Latency: s.latency, Jitter: s.jitter, Seed: s.seed}
	if config.Faults, err = sandbox.ParseFaults(s.fault); err != nil {
		return usage("--fault: "+err.Error(), "say for example --fault drop=0.01,503=0.02")
	}
	if s.log != "" {
		f, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		config.Log = f
	}
	l, err := listenLoopback(s.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "billmark sandbox: listening on http://%s/api/ for account %s\n", l.Addr(), s.account)
	secret := "" // a key that was given is not shown
	if made {
		secret = " BILLMARK_KEY=" + key
	}
	fmt.Fprintf(c.out, "To use it:\n  export BILLMARK_ACCOUNT=%s%s BILLMARK_API=http://%s/api/\n", s.account, secret, l.Addr())
	d := newDesk(c, &s.settings)
	ctx, release := d.interruptible()
	defer release()
	return sandbox.Serve(ctx, l, sandbox.New(config))
}

// sandboxKey is the given key, or a new one.
func (s *sandboxSettings) sandboxKey(c *console) (key string, made bool, err error) {
	if v, ok := c.env("BILLMARK_KEY"); s.keyFile != "" || ok && v != "" {
		key, err = s.key(c)
		return key, false, err
	}
	return rand.Text(), true, nil
}

// listenLoopback listens, but only where no other machine can reach it.
func listenLoopback(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !client.Loopback(host) {
		return nil, usage(fmt.Sprintf("--listen %q is no loopback address with a port", address), "say for example --listen 127.0.0.1:8787")
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &told{exitStopped, "cannot listen: " + err.Error(), "choose another port with --listen, 0 for any", err}
	}
	return l, nil
}

// startSandbox runs a sandbox beside a command, until stop.
func startSandbox(s *sandbox.Sandbox) (url string, stop func() error, err error) {
	l, err := listenLoopback("127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sandbox.Serve(ctx, l, s) }()
	return fmt.Sprintf("http://%s/api/", l.Addr()), func() error { cancel(); return <-ended }, nil
}

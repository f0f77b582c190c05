package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/batch/sandbox"
	"billmark/signer"
)

// demoFolder is what a demo leaves behind, in the current folder.
const demoFolder = "billmark-demo"

// What the demo's stand-in does wrong, and from which seed.
const (
	demoFaults = "drop=0.015,badhash=0.01,429=0.02,refuse=0.02"
	demoSeed   = 20
	demoKey    = "0123456789abcdef0123456789abcdef"
)

func demoCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "a rehearsal: an example run against a stand-in for the API",
		Long: fmt.Sprintf(`demo starts a stand-in for the API on this machine, writes an example manifest,
runs it at 50 updates a second, and leaves manifest and report in the folder
%s. The stand-in misbehaves a little, as real networks do. Nothing is
sent to anyone else, and the journal is thrown away.

Exit status: 0 if every outcome in the report is what really happened.`, demoFolder),
		Example: "  billmark demo",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return demo(c) },
	}
}

// demo is billmark demo.
func demo(c *console) (err error) {
	account, err := signer.NewAccount("demo", demoKey)
	if err != nil {
		return err
	}
	faults, err := sandbox.ParseFaults(demoFaults)
	if err != nil {
		return err
	}
	s := sandbox.New(sandbox.Config{
		Account: account, Faults: faults, Seed: demoSeed, Latency: 30 * time.Millisecond, Jitter: 20 * time.Millisecond, Keep: true,
	})
	address, stop, err := startSandbox(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	scratch, err := os.MkdirTemp("", "billmark-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	return rehearse(c, s, address, filepath.Join(scratch, "demo.journal"))
}

// rehearse runs the example manifest and holds the report against what the
// stand-in knows.
func rehearse(c *console, s *sandbox.Sandbox, address, journal string) error {
	if err := os.MkdirAll(demoFolder, 0o777); err != nil {
		return err
	}
	manifest := filepath.Join(demoFolder, "shipping.csv")
	if err := os.WriteFile(manifest, demoManifest(), 0o666); err != nil {
		return err
	}
	set := demoSettings(address, journal)
	world := *c
	world.env = func(name string) (string, bool) {
		if name == "BILLMARK_KEY" {
			return demoKey, true
		}
		return c.env(name)
	}
	fmt.Fprintf(c.out, "A rehearsal: %s goes to a stand-in for the API at %s,\nwhich misbehaves a little. Nothing is sent to anyone else.\n\n", manifest, address)
	err := post(&world, set, manifest)
	var end finished
	if err != nil && !errors.As(err, &end) {
		return err
	}
	if err := heldAgainst(&world, s, set, manifest); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "\nChecked against what the stand-in did: every outcome is true, nothing was sent twice.\nOpen %s in a spreadsheet to see one line per row.\n",
		filepath.Join(demoFolder, "shipping.report.csv"))
	return err
}

func demoSettings(address, journal string) *settings {
	set := defaults()
	set.account, set.api, set.journal = "demo", address, journal
	set.rate = pace{limit: rate.Limit(50), text: "50/s"}
	set.timeout, set.yes = 5*time.Second, true
	set.timezone, set.rehearsal = "UTC", true
	return set
}

// heldAgainst fails unless every row's outcome is what really happened.
func heldAgainst(c *console, s *sandbox.Sandbox, set *settings, manifest string) (err error) {
	d := newDesk(c, set)
	defer func() { err = errors.Join(err, d.close()) }()
	for _, step := range []func() error{d.address, func() error { return d.openJournal(false) }, func() error { return d.read(manifest) }} {
		if err := step(); err != nil {
			return err
		}
	}
	return d.decided.Each(func(row *batch.Row, o batch.Outcome) error {
		times := 0
		if o.Class != batch.Invalid {
			form := api.Form(row.Update)
			for _, applied := range s.Applied(form[0].Value) {
				if applied == form.Encode() {
					times++
				}
			}
		}
		if least, most := mayBeApplied(o.Class); times < least || times > most {
			return fmt.Errorf("the demo went wrong: line %d is %s, and was carried out %d times", row.Line, o.Class, times)
		}
		return nil
	})
}

// mayBeApplied is how often an update of a class may have been carried out.
func mayBeApplied(c batch.Class) (least, most int) {
	switch c {
	case batch.Confirmed:
		return 1, 1
	case batch.Unknown, batch.Unverified:
		return 0, 1
	}
	return 0, 0
}

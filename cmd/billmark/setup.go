package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	_ "time/tzdata" // Windows and bare containers have none

	"billmark/batch"
	"billmark/batch/client"
	"billmark/batch/journal"
	"billmark/batch/manifest"
	"billmark/batch/walk"
	"billmark/report"
	"billmark/signer"
)

// desk is where one command works: what it opened, to be closed together.
type desk struct {
	c *console
	s *settings

	base    *url.URL // of the API; nil if no account was given
	account signer.Account
	client  *client.Client
	path    string           // of the journal; "" if no account was given
	begins  bool             // there was no journal at path yet
	journal *journal.Journal // nil if there is none to read
	record  batch.Journal    // the same, as a run uses it
	copy    *privateCopy
	file    *manifest.File
	walk    *walk.Walk
	decided *walk.Decided
	started time.Time

	planOnly bool         // nothing is to be sent or reported
	show     *progress    // of the run that is on, or was
	summary  *summaryJSON // of the run that is over
	toMend   bool         // it stopped because of the account, the key or the server's certificate
	slowed   bool         // it stopped because the API went on asking to slow down
	asking   atomic.Bool  // somebody is being asked
	sending  atomic.Bool  // requests may be in flight
	declined bool         // and did not say yes
}

func newDesk(c *console, s *settings) *desk { return &desk{c: c, s: s, started: time.Now()} }

// close gives everything back, last opened first.
func (d *desk) close() error {
	var errs []error
	if d.decided != nil {
		errs = append(errs, d.decided.Close())
	}
	if d.walk != nil {
		errs = append(errs, d.walk.Close())
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	if d.copy != nil {
		errs = append(errs, d.copy.Close())
	}
	return errors.Join(errs...)
}

// address works out the API's base address.
func (d *desk) address() error {
	s := d.s
	if s.account == "" {
		return usage("no account given", "say --account LOGIN, or set BILLMARK_ACCOUNT; nothing was sent")
	}
	if _, err := signer.NewAccount(s.account, "x"); err != nil {
		return usage(err.Error(), "check --account; nothing was sent")
	}
	text := s.api
	if text == "" {
		text = defaultAPI(s.account)
	}
	base, err := url.Parse(text)
	if err != nil || base.Host == "" {
		return usage(fmt.Sprintf("--api %q is no address", text), "say for example --api https://shop7.influencersoft.com/api/; nothing was sent")
	}
	base.Host = strings.ToLower(base.Host)
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	d.base = base
	if _, err := client.New(client.Config{URL: base}); err != nil {
		return usage(err.Error(), "check --api; nothing was sent")
	}
	if s.unlimited() && !client.Loopback(base.Hostname()) {
		return usage("--rate 0 (unlimited) is for a loopback API only", "say for example --rate 2/s; nothing was sent")
	}
	return nil
}

// wire makes what is needed to talk to the API. It opens no connection.
func (d *desk) wire() error {
	key, err := d.s.key(d.c)
	if err != nil {
		return err
	}
	if d.account, err = signer.NewAccount(d.s.account, key); err != nil {
		return usage(err.Error(), "check BILLMARK_KEY or --key-file; nothing was sent")
	}
	// Without a limit on the pace, which only a server on this machine can
	// have, connections are used again. Elsewhere a reply can then never be
	// taken for that to another update.
	config := client.Config{URL: d.base, Timeout: d.s.timeout, Pin: d.s.pin, UserAgent: "billmark/" + version(), OneUse: !d.s.unlimited()}
	if config.RootCAs, err = d.s.roots(); err != nil {
		return err
	}
	if config.Proxy, err = d.s.proxyURL(); err != nil {
		return err
	}
	if d.client, err = client.New(config); err != nil {
		return usage(err.Error(), "check --api and --proxy; nothing was sent")
	}
	return nil
}

func (s *settings) roots() (*x509.CertPool, error) {
	if s.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.caFile)
	if err != nil {
		return nil, usage("the certificate file cannot be read: "+err.Error(), "check --ca-file; nothing was sent")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, usage(fmt.Sprintf("%s holds no certificate", s.caFile), "it must be a PEM file; nothing was sent")
	}
	return pool, nil
}

func (s *settings) proxyURL() (*url.URL, error) {
	if s.proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(s.proxy)
	if err != nil || u.Host == "" {
		return nil, usage(fmt.Sprintf("--proxy %q is no address", s.proxy), "say for example --proxy http://proxy.example:3128; nothing was sent")
	}
	return u, nil
}

// openJournal opens the account's journal, making it if make says so.
func (d *desk) openJournal(make bool) error {
	path, err := d.s.journalPath(d.c, d.base)
	if err != nil {
		return err
	}
	d.path, d.begins = path, !journal.Exists(path)
	if d.begins && !make {
		return nil
	}
	if d.s.timezone != "" {
		if _, err := time.LoadLocation(d.s.timezone); err != nil || d.s.timezone == "Local" {
			return usage(fmt.Sprintf("--timezone %q is not known", d.s.timezone), "say a name like Europe/Moscow or UTC; nothing was sent")
		}
	}
	d.journal, err = journal.Open(path, journal.Identity{
		Account: d.s.account, API: d.base.String(), Zone: d.s.timezone, DefaultZone: machineZone(d.c),
	})
	if err != nil {
		return unstarted(err)
	}
	d.record = seams.journal(d.journal)
	return nil
}

// tellNoJournal says so if there is none, which may be because of a wrong name.
func (d *desk) tellNoJournal() {
	if d.begins && !d.s.quiet {
		fmt.Fprintf(d.c.err, "billmark: there is no journal at %s: as far as is known here, nothing was ever sent\n", d.path)
	}
}

// zone is the time zone of dates that carry none.
func (d *desk) zone() (*time.Location, error) {
	name := d.s.timezone
	if d.journal != nil {
		name = d.journal.Zone()
	}
	if name == "" {
		name = machineZone(d.c)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usage(fmt.Sprintf("time zone %q is not known", name), "say --timezone with a name like Europe/Moscow or UTC; nothing was sent")
	}
	return zone, nil
}

// read copies the manifest, reads it whole, and decides on every row.
func (d *desk) read(name string) error { return d.readAs(name, "", nil) }

// readAs reads a manifest that the user calls otherwise than by its path, if
// called is not empty, and shows every row to observe, which may be nil.
func (d *desk) readAs(path, called string, observe func(*batch.Row)) error {
	again, err := d.s.againSet()
	if err != nil {
		return err
	}
	zone, err := d.zone()
	if err != nil {
		return err
	}
	if d.copy, err = copyManifest(d.c, path); err != nil {
		return err
	}
	if called != "" {
		d.copy.name = called
	}
	seams.at("copied")
	if err := d.s.contradiction(); err != nil {
		return err
	}
	if d.file, err = manifest.Open(d.copy.file, d.copy.size, d.options(zone)); err != nil {
		return err
	}
	if report.IsReport(d.file.Header()) {
		return refused(fmt.Sprintf("%s is a report, not a manifest", d.copy.name),
			"give the manifest that it is about, or the file with the rows to mend (NAME.failed.csv)")
	}
	totals := new(totals)
	config := walk.Config{Manifest: d.file, Digest: d.copy.digest, Again: again, First: int(d.s.first), PlanOnly: d.planOnly, Journal: d.records()}
	if d.walk, err = walk.Read(config, func(r *batch.Row) error {
		if observe != nil {
			observe(r)
		}
		return totals.count(r)
	}); err != nil {
		return err
	}
	seams.at("read")
	if err := d.s.holdAgainst(totals); err != nil {
		return err
	}
	return d.decide()
}

// decide holds the manifest against the journal as it is now.
func (d *desk) decide() error {
	if d.decided != nil {
		if err := d.decided.Close(); err != nil {
			return err
		}
		d.decided = nil
	}
	var err error
	d.decided, err = d.walk.Decide(d.records())
	return err
}

// decideAfter does it after a run: what was to be sent after all was, or is what
// it was before.
func (d *desk) decideAfter() error {
	d.walk.Again = 0
	return d.decide()
}

// records are the journal's; nil if there is none.
func (d *desk) records() walk.Records {
	if d.journal == nil {
		return nil
	}
	return d.record
}

// totals are what control totals are held against.
type totals struct {
	rows     int
	byStatus [batch.Cancel + 1]int
}

func (t *totals) count(r *batch.Row) error {
	if r.Skipped {
		return nil
	}
	t.rows++
	if len(r.Faults) == 0 {
		t.byStatus[r.Update.Status]++
	}
	return nil
}

// holdAgainst refuses a manifest whose totals are not those that were expected.
func (s *settings) holdAgainst(t *totals) error {
	if s.expectRows != "" {
		want, err := strconv.Atoi(s.expectRows)
		if err != nil || want < 0 {
			return usage(fmt.Sprintf("--expect-rows %q is no number of rows", s.expectRows), "say for example --expect-rows 200; nothing was sent")
		}
		if want != t.rows {
			return refused(fmt.Sprintf("%d rows were expected, and there are %d", want, t.rows), "check the file, or --expect-rows")
		}
	}
	for _, e := range s.expect {
		want, err := strconv.Atoi(e.value)
		status, ok := batch.ParseStatus(e.name)
		if !ok || err != nil || want < 0 {
			return usage(fmt.Sprintf("--expect %s=%s is not like sent=200", e.name, e.value), "the statuses are sent, paid, return, cancel; nothing was sent")
		}
		if got := t.byStatus[status]; want != got {
			return refused(fmt.Sprintf("%d valid rows of status %s were expected, and there are %d", want, e.name, got), "check the file, or --expect")
		}
	}
	return nil
}

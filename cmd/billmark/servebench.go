package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/batch/journal"
	"billmark/batch/manifest"
	"billmark/batch/walk"
	"billmark/cmd/billmark/web"
	"billmark/report"
)

// shownFirst is how many of a file's first rows are shown as they stand.
const shownFirst = 5

// bench is the web.Bench: it does for the page what the commands do for the
// terminal, with the same desk. The journal is opened only while it is needed,
// so that commands work beside a page that nobody uses; during a run it is the
// run's.
type bench struct {
	c    *console
	s    *settings
	ctx  context.Context // ends with the server: a run drains then
	live *web.Live
	runs sync.WaitGroup // what goes on in the background

	// work is held by whoever reads uploads or the journal, or begins to work
	// with them. A run has the journal as long as busy says so.
	work sync.Mutex
	key  string // entered on the page; never given out; guarded by work

	mu       sync.Mutex // guards all below, for a moment; it is taken after work
	store    *store
	busy     string           // the upload in work; "settle" while settling
	journal  *journal.Journal // the run's
	gate     *gate
	stop     context.CancelCauseFunc
	settling web.Settling
}

// inWork is the upload whose run goes on, settlingNow, or "". Nothing begins
// while work is held.
func (b *bench) inWork() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.busy
}

// begun says what is in work from now on.
func (b *bench) begun(what string, j *journal.Journal, g *gate, stop context.CancelCauseFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy, b.journal, b.gate, b.stop = what, j, g, stop
}

func newBench(ctx context.Context, c *console, s *settings) *bench {
	b := &bench{s: s, ctx: ctx, live: web.NewLive()}
	world := *c
	world.in = strings.NewReader("") // nobody is asked anything on the terminal
	world.env = func(name string) (string, bool) {
		if name == "BILLMARK_KEY" && b.key != "" {
			return b.key, true
		}
		return c.env(name)
	}
	b.c = &world
	return b
}

// place settles where uploads are kept, once the account is known.
func (b *bench) place() error {
	d := newDesk(b.c, b.s)
	if err := d.address(); err != nil {
		return err
	}
	path, err := b.s.journalPath(b.c, d.base)
	if err != nil {
		return err
	}
	opened, err := openStore(path)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store = opened
	return nil
}

// Place implements web.Bench.
func (b *bench) Place() web.Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := web.Place{Pace: b.s.rate.text, Version: version()}
	if b.store == nil {
		return p
	}
	d := newDesk(b.c, b.s)
	if d.address() == nil {
		p.Account, p.API = b.s.account, d.base.String()
		p.Journal, _ = b.s.journalPath(b.c, d.base)
	}
	return p
}

// Enter implements web.Bench.
func (b *bench) Enter(account, key string) error {
	b.work.Lock()
	defer b.work.Unlock()
	if b.store != nil {
		return &web.Trouble{Message: "the account is known already", Hint: "start billmark again to use another"}
	}
	b.account(account, key)
	err := b.place()
	if err == nil {
		d := newDesk(b.c, b.s)
		if err = d.address(); err == nil {
			err = d.wire()
		}
	}
	if err == nil {
		var ok bool
		if ok, err = b.store.take(); err == nil && !ok {
			err = errElsewhere
		}
	}
	if err != nil {
		b.account("", "")
		return troubled(err)
	}
	b.live.Touch()
	return nil
}

// account sets login and key; without them there is no place for uploads.
func (b *bench) account(login, key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.s.account, b.key, b.store = login, key, nil
}

var errElsewhere = &told{code: exitInUse, message: "another billmark serve is at work for this account", hint: "use its page, or end it"}

// at runs f on the uploads, if there is an account.
func (b *bench) at(f func() error) error {
	b.work.Lock()
	defer b.work.Unlock()
	if b.store == nil {
		return &web.Trouble{Message: "no account given yet"}
	}
	return troubled(f())
}

// Uploads implements web.Bench.
func (b *bench) Uploads() (list []web.Upload, err error) {
	err = b.at(func() error {
		busy := b.inWork()
		list, err = b.store.list()
		for i := range list {
			if list[i].ID == busy {
				list[i].State = web.Running
			}
		}
		return err
	})
	return list, err
}

// Add implements web.Bench. The body comes slowly: others go on meanwhile.
func (b *bench) Add(name string, body io.Reader) (web.Upload, error) {
	var s *store
	if err := b.at(func() error { s = b.store; return nil }); err != nil {
		return web.Upload{}, err
	}
	id, err := s.add(name, body)
	if err != nil {
		return web.Upload{}, troubled(err)
	}
	b.live.Touch()
	n, err := s.note(id)
	if err != nil {
		return web.Upload{}, troubled(err)
	}
	return n.upload(id), nil
}

// Remove implements web.Bench.
func (b *bench) Remove(id string) error {
	return b.at(func() error {
		n, err := b.store.note(id)
		if err != nil {
			return err
		}
		if b.inWork() != "" && n.Run > 0 {
			return errBusy
		}
		if n.Run > 0 {
			unsettled := 0
			if err := b.open(id, func(d *desk) error {
				p := d.decided.Plan()
				unsettled = p.Counts[batch.Unknown] + p.Counts[batch.Unverified]
				return nil
			}); err != nil {
				return err
			}
			if unsettled > 0 {
				return &web.Trouble{Message: fmt.Sprintf("%s of this file are not settled", many(unsettled, "row")), Hint: "settle them first: the file is needed for that"}
			}
		}
		if err := b.store.remove(id); err != nil {
			return err
		}
		b.live.Touch()
		return nil
	})
}

var errBusy = &web.Trouble{Message: "a run is going on", Hint: "wait until it ends, or stop it"}

// Choose implements web.Bench.
func (b *bench) Choose(id string, c web.Choices) error {
	return b.at(func() error {
		n, err := b.store.note(id)
		if err != nil {
			return err
		}
		if b.inWork() == id {
			return errBusy
		}
		n.Choices = c
		return b.store.write(id, n)
	})
}

// settingsFor are the page's settings with what was chosen for a file.
func (b *bench) settingsFor(c web.Choices) *settings {
	s := *b.s
	s.columns, s.set, s.word, s.where = slicesOf(c.Columns), slicesOf(c.Set), slicesOf(c.Words), nil
	if c.Where != "" {
		s.where = pairs{{c.Where, c.Value}}
	}
	for _, choice := range []struct {
		to   *string
		from string
	}{{&s.delimiter, c.Delimiter}, {&s.encoding, c.Encoding}, {&s.dateFormat, c.DateFormat}} {
		if choice.from != "" {
			*choice.to = choice.from
		}
	}
	s.multiline = s.multiline || c.Multiline
	s.again = strings.Join(c.Again, ",")
	s.first = count(c.First)
	return &s
}

func slicesOf(m map[string]string) pairs {
	var list pairs
	for name, value := range m {
		list = append(list, pair{name, value})
	}
	return list
}

// open reads an upload at a desk of its own, gives it to f and clears it away.
// It must be called with work held.
func (b *bench) open(id string, f func(*desk) error) (err error) {
	n, err := b.store.note(id)
	if err != nil {
		return err
	}
	d := newDesk(b.c, b.settingsFor(n.Choices))
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.address(); err != nil {
		return err
	}
	if b.inWork() == "" {
		if err := d.openJournal(false); err != nil {
			return err
		}
	}
	if err := b.read(d, id, n, nil); err != nil {
		return err
	}
	return f(d)
}

// read reads an upload as desk.read does, under the name that the user gave it.
// Rows are shown to observe, which may be nil.
func (b *bench) read(d *desk, id string, n *note, observe func(*batch.Row)) error {
	again, err := d.s.againSet()
	if err != nil {
		return err
	}
	zone, err := d.zone()
	if err != nil {
		return err
	}
	if d.copy, err = copyManifest(d.c, b.store.path(id, uploadFile)); err != nil {
		return err
	}
	d.copy.name, d.copy.base = n.Name, n.Name
	if d.file, err = manifest.Open(d.copy.file, d.copy.size, d.s.manifestOptions(n.Name, zone)); err != nil {
		return err
	}
	config := walk.Config{Manifest: d.file, Digest: d.copy.digest, Again: again, First: int(d.s.first)}
	totals := newTotals()
	d.walk, err = walk.Read(config, func(r *batch.Row) error {
		if observe != nil {
			observe(r)
		}
		return totals.count(r)
	})
	if err != nil {
		return err
	}
	if err := d.s.holdAgainst(totals); err != nil {
		return err
	}
	return d.decide()
}

// Rows implements web.Bench.
func (b *bench) Rows(id, lang string, give func(*report.Head, report.Line) error) error {
	return b.at(func() error {
		return b.open(id, func(d *desk) error {
			head := d.headIn(lang)
			return d.decided.Each(func(row *batch.Row, o batch.Outcome) error {
				return give(&head, report.Line{Row: row, Outcome: o})
			})
		})
	})
}

// Report implements web.Bench.
func (b *bench) Report(id, format, lang string, to io.Writer) (name string, err error) {
	err = b.at(func() error {
		if b.inWork() != "" {
			return errBusy
		}
		return b.open(id, func(d *desk) error {
			name, err = d.reportTo(format, lang, to)
			return err
		})
	})
	return name, err
}

// reportTo writes one report by way of a scratch folder: the writers of package
// report replace files whole.
func (d *desk) reportTo(format, lang string, to io.Writer) (name string, err error) {
	folder, err := os.MkdirTemp("", "billmark-report-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "report."+format)
	name = beside(d.copy.base, ".report."+format)
	var w report.Writer
	if format == "failed" {
		ext := filepath.Ext(d.copy.base)
		if ext == "" {
			ext = ".csv"
		}
		name = beside(d.copy.base, ".failed"+ext)
		w = report.NewFailed(path, d.file.HeaderRaw(), nil)
	} else if w, err = report.Create(path, d.headIn(lang)); err != nil {
		return "", err
	}
	if err := d.writeTo(w); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &web.Trouble{Message: "no row of this file is to be mended", Status: http.StatusNotFound}
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return name, err
}

// headIn is the head of reports in a language.
func (d *desk) headIn(lang string) report.Head {
	h := d.head()
	h.Lang, h.CodeWords = lang, func(code string) string { return api.Words(code, lang) }
	return h
}

// writeTo gives every row to one writer.
func (d *desk) writeTo(w report.Writer) error {
	err := d.decided.Each(func(row *batch.Row, o batch.Outcome) error {
		line := report.Line{Row: row, Outcome: o}
		if o.Posted {
			line.Sent = api.Form(row.Update).Encode()
		}
		return w.Row(line)
	})
	if err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}

// Live implements web.Bench.
func (b *bench) Live() *web.Live { return b.live }

// History implements web.Bench.
func (b *bench) History() (runs []batch.Run, err error) {
	err = b.at(func() error {
		if b.inWork() != "" {
			runs, err = b.historyOfRun()
			return err
		}
		return b.withJournal(func(d *desk) error {
			if d.journal != nil {
				runs, err = d.journal.Runs()
			}
			return err
		})
	})
	return runs, err
}

// historyOfRun asks the journal that the run has open.
func (b *bench) historyOfRun() ([]batch.Run, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.journal == nil { // it is just being closed
		return nil, errBusy
	}
	return b.journal.Runs()
}

// withJournal opens the journal, if there is one, for f. It must be called
// with work held, while nothing is in work.
func (b *bench) withJournal(f func(*desk) error) (err error) {
	d := newDesk(b.c, b.s)
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.address(); err != nil {
		return err
	}
	if err := d.openJournal(false); err != nil {
		return err
	}
	return f(d)
}

// troubled puts an error into words for the page.
func troubled(err error) error {
	var t *web.Trouble
	if err == nil || errors.As(err, &t) {
		return err
	}
	words := inWords(err)
	return &web.Trouble{Message: words.message, Hint: words.hint}
}

// unlimited reports whether the pace has no limit.
func (s *settings) unlimited() bool { return s.rate.limit == rate.Inf }

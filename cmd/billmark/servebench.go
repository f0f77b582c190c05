package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"billmark/batch"
	"billmark/batch/journal"
	"billmark/cmd/billmark/web"
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

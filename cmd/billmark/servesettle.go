package main

import (
	"context"
	"errors"
	"slices"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/cmd/billmark/web"
)

// settlingNow is what is busy while updates are read back or sent again.
const settlingNow = "settle"

// Doubts implements web.Bench.
func (b *bench) Doubts() (list []batch.Record, err error) {
	err = b.at(func() error {
		if b.inWork() != "" {
			return errBusy
		}
		return b.withJournal(func(d *desk) error {
			x := &settling{desk: d, s: &settleSettings{settings: *b.s}}
			err := x.collect("")
			list = x.list
			return err
		})
	})
	slices.SortFunc(list, func(a, b batch.Record) int {
		if a.Run != b.Run {
			return int(a.Run - b.Run)
		}
		return a.Line - b.Line
	})
	return list, err
}

// Settling implements web.Bench.
func (b *bench) Settling() web.Settling {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.settling
}

// Settle implements web.Bench.
func (b *bench) Settle(w web.Word) error {
	return b.at(func() error {
		if b.inWork() != "" {
			return errBusy
		}
		x := &settling{desk: newDesk(b.c, b.s), s: &settleSettings{settings: *b.s, reason: w.Reason, resend: w.Way == web.Resend}}
		err := b.prepareSettling(x, w)
		if err != nil {
			return errors.Join(err, x.close())
		}
		ctx, stop := context.WithCancelCause(b.ctx)
		b.begun(settlingNow, nil, nil, stop)
		b.tell(web.Settling{Busy: true})
		b.live.Touch()
		b.runs.Go(func() {
			defer stop(nil)
			b.conclude(ctx, x, w)
		})
		return nil
	})
}

// prepareSettling finds the updates that are meant: each must still be in
// doubt, for somebody may have settled it in another browser.
func (b *bench) prepareSettling(x *settling, w web.Word) error {
	for _, step := range []func() error{x.address, func() error { return x.openJournal(false) }, func() error { return x.collect("") }} {
		if err := step(); err != nil {
			return err
		}
	}
	var chosen []batch.Record
	for _, u := range w.Updates {
		at := slices.IndexFunc(x.list, func(r batch.Record) bool { return r.Update == u })
		if at < 0 {
			return &web.Trouble{Message: u.String() + " is not in doubt any more; nothing was decided", Hint: "look at the list again"}
		}
		chosen = append(chosen, x.list[at])
	}
	x.list = chosen
	if w.Way == web.ReadBack || w.Way == web.Resend {
		return x.wire()
	}
	return nil
}

// conclude does what was asked and keeps what came of it.
func (b *bench) conclude(ctx context.Context, x *settling, w web.Word) {
	err := x.follow(ctx, w)
	x.leaveRest()
	err = errors.Join(err, x.close())
	told := web.Settling{Done: verdicts(x.done), Left: verdicts(x.left)}
	if err != nil {
		words := inWords(err)
		told.Trouble = &web.Trouble{Message: words.message, Hint: words.hint}
	}
	b.tell(told)
	b.begun("", nil, nil, nil)
	b.live.Touch()
}

func (b *bench) tell(s web.Settling) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settling = s
}

// follow settles the list in the way that was asked for.
func (x *settling) follow(ctx context.Context, w web.Word) error {
	switch w.Way {
	case web.Confirm, web.Unsent:
		class := batch.Confirmed
		if w.Way == web.Unsent {
			class = batch.Unsent
		}
		for _, r := range x.list {
			if err := x.conclude(r, class, w.Reason); err != nil {
				return err
			}
		}
		return nil
	case web.Resend:
		list := slices.DeleteFunc(slices.Clone(x.list), func(r batch.Record) bool { return r.Update.Status != batch.Sent })
		x.leaveThose("only a sent update may be sent again: it overwrites", func(r batch.Record) bool { return r.Update.Status != batch.Sent })
		return x.sendAgain(ctx, list)
	case web.ReadBack:
		list := slices.DeleteFunc(slices.Clone(x.list), func(r batch.Record) bool { return !api.Readable(r.Update.Status) })
		x.leaveThose("it cannot be read back: look at the delivery of the order, then say what you saw", func(r batch.Record) bool { return !api.Readable(r.Update.Status) })
		return x.readBack(ctx, list)
	}
	return &web.Trouble{Message: "nobody knows how to settle in this way", Status: 400}
}

// leaveThose says why some cannot be settled in this way.
func (x *settling) leaveThose(why string, which func(batch.Record) bool) {
	for _, r := range x.list {
		if which(r) {
			x.leave(r, why)
		}
	}
}

func verdicts(list []settled) []web.Verdict {
	out := make([]web.Verdict, 0, len(list))
	for _, s := range list {
		out = append(out, web.Verdict{Update: s.record.Update, Class: s.class, Words: s.words})
	}
	return out
}

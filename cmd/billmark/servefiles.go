package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"billmark/batch"
	"billmark/batch/manifest"
	"billmark/cmd/billmark/web"
)

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

// settingsFor are the page's settings, from flags and profile, with what was
// chosen for a file put over them.
func (b *bench) settingsFor(c web.Choices) *settings {
	s := *b.s
	chosen := func(field string) bool { return c.Columns[field] != "" || c.Set[field] != "" }
	s.columns, s.set = over(s.columns, c.Columns, chosen), over(s.set, c.Set, chosen)
	s.word = over(s.word, c.Words, func(string) bool { return false })
	if c.Where != "" {
		s.where = pairs{{c.Where, c.Value}}
	}
	for _, choice := range []struct {
		to   *string
		from string
	}{{&s.delimiter, c.Delimiter}, {&s.encoding, c.Encoding}, {&s.dateFormat, c.DateFormat}, {&s.again, strings.Join(c.Again, ",")}} {
		if choice.from != "" {
			*choice.to = choice.from
		}
	}
	s.multiline = s.multiline || c.Multiline
	if c.First > 0 {
		s.first = count(c.First)
	}
	return &s
}

// over puts choices over pairs, without the pairs that they replace. Always in
// the same order, so that a file is read in the same way each time.
func over(list pairs, choices map[string]string, replaced func(string) bool) pairs {
	list = slices.DeleteFunc(slices.Clone(list), func(p pair) bool { return replaced(p.name) })
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		list = append(list, pair{name, choices[name]})
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

// read reads an upload under the name that the user gave it. Rows are shown to
// observe, which may be nil.
func (b *bench) read(d *desk, id string, n *note, observe func(*batch.Row)) error {
	err := d.readAs(b.store.file(id, n), n.Name, observe)
	if refused, ok := errors.AsType[*manifest.FileError](err); ok {
		refused.Name = n.Name
	}
	return err
}

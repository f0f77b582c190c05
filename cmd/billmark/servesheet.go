package main

import (
	"errors"
	"slices"
	"strings"

	"billmark/batch"
	"billmark/batch/manifest"
	"billmark/cmd/billmark/web"
)

// Sheet implements web.Bench.
func (b *bench) Sheet(id string) (s *web.Sheet, err error) {
	err = b.at(func() error {
		n, err := b.store.note(id)
		if err != nil {
			return err
		}
		busy := b.inWork()
		s = &web.Sheet{Upload: n.upload(id), Blind: busy != ""}
		if busy == id {
			s.State = web.Running
		}
		return b.lay(s, n)
	})
	return s, err
}

// lay reads a file and puts on the sheet what came of it. A file that is
// refused is no error: the sheet says why, and shows what can be seen.
func (b *bench) lay(s *web.Sheet, n *note) (err error) {
	d := newDesk(b.c, b.settingsFor(n.Choices))
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.address(); err != nil {
		return err
	}
	if !s.Blind {
		if err := d.openJournal(false); err != nil {
			return err
		}
	}
	err = b.read(d, s.ID, n, func(r *batch.Row) {
		if len(s.First) < shownFirst {
			s.First = append(s.First, copied(r.Cells()))
		}
	})
	if err != nil {
		words := inWords(err)
		s.Refused = &web.Trouble{Message: words.message, Hint: words.hint}
		return b.peek(s, d)
	}
	s.Header, s.Dates, s.Encoding, s.Delimiter = d.file.Header(), d.file.DatesInWords(), d.file.Encoding(), d.file.Delimiter()
	s.Mapping = mapped(d.file.Mapping())
	s.Plan = d.decided.Plan()
	s.Warnings, _ = d.warnings()
	if !d.s.unlimited() {
		s.Seconds = d.secondsAtRate()
	}
	if err := d.tooManyInvalid(); err != nil {
		words := inWords(err)
		s.Barred = &web.Trouble{Message: words.message, Hint: words.hint}
	}
	return nil
}

// mapped says of each field where it comes from, in the page's order.
func mapped(found []manifest.Mapped) []web.Mapped {
	var list []web.Mapped
	for _, field := range web.Fields {
		m := web.Mapped{Field: field}
		if at := slices.IndexFunc(found, func(f manifest.Mapped) bool { return f.Field == field }); at >= 0 {
			m.Header, m.Value = found[at].Header, found[at].Value
		}
		list = append(list, m)
	}
	return list
}

// peek shows header and first rows of a file that is refused, if they can be
// told: so that its columns can be chosen. With a value given for every field
// no column is looked for.
func (b *bench) peek(s *web.Sheet, d *desk) error {
	if d.copy == nil {
		return nil
	}
	o := d.options(nil)
	o.Columns, o.Words, o.Where, o.DateFormat = nil, nil, nil, ""
	o.Set = map[string]string{"bill_id": "1", "status": "sent", "date": "2024-01-01", "rpo": "AA123456789AA"}
	file, err := manifest.Open(d.copy.file, d.copy.size, o)
	if err != nil {
		return nil // the sheet says already why it is refused
	}
	s.Header, s.Encoding, s.Delimiter = file.Header(), file.Encoding(), file.Delimiter()
	s.First = nil
	pass, err := file.OpenAt(batch.Mark{})
	if err != nil {
		return nil
	}
	defer pass.Close()
	for len(s.First) < shownFirst {
		row, err := pass.Next()
		if err != nil {
			return nil
		}
		s.First = append(s.First, copied(row.Cells()))
	}
	return nil
}

// copied keeps cells beyond their row.
func copied(cells []string) []string {
	list := make([]string, len(cells))
	for i, c := range cells {
		list[i] = shorten(strings.ToValidUTF8(c, "\ufffd"))
	}
	return list
}

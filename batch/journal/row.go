package journal

import (
	"encoding/binary"
	"time"

	"billmark/batch"
)

// row is one row of the table updates.
type row struct {
	update          batch.Update
	open            bool
	class           batch.Class
	reason          batch.Reason
	code, text      string
	seq, attempts   int64
	posted          bool
	begun, finished int64
	run, line       int64
	// stored is the digest of the row as it stands in the table, 0 if it
	// does not.
	stored uint64
}

// appendRow writes all of a row.
func appendRow(b []byte, r *row) []byte {
	u := &r.update
	for _, n := range [...]int64{
		int64(u.Bill), int64(u.Status), u.Date, int64(u.Occurrence), flag(r.open), int64(r.class), int64(r.reason),
		flag(r.posted), r.attempts, r.seq, r.begun, r.finished, r.run, r.line,
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range [...]string{u.RPO, r.code, r.text} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// parseRows reads what appendRow wrote, any number of times.
func parseRows(b []byte) ([]*row, error) {
	var rows []*row
	p := rowParser{left: b}
	for len(p.left) > 0 {
		r := new(row)
		u := &r.update
		u.Bill, u.Status, u.Date, u.Occurrence = uint64(p.number()), batch.Status(p.number()), p.number(), int(p.number())
		r.open, r.class, r.reason, r.posted = p.number() != 0, batch.Class(p.number()), batch.Reason(p.number()), p.number() != 0
		r.attempts, r.seq, r.begun, r.finished, r.run, r.line = p.number(), p.number(), p.number(), p.number(), p.number(), p.number()
		u.RPO, r.code, r.text = p.text(), p.text(), p.text()
		rows = append(rows, r)
	}
	if p.bad {
		return nil, errTail
	}
	return rows, nil
}

// rowParser reads one value after the other.
type rowParser struct {
	left []byte
	bad  bool
}

func (p *rowParser) number() int64 {
	n, size := binary.Varint(p.left)
	p.skip(size)
	return n
}

func (p *rowParser) text() string {
	n, size := binary.Uvarint(p.left)
	p.skip(size)
	if n > uint64(len(p.left)) {
		p.skip(0)
		return ""
	}
	s := string(p.left[:n])
	p.left = p.left[n:]
	return s
}

// skip passes over what was read; if that was nothing, all is over.
func (p *rowParser) skip(size int) {
	if size <= 0 {
		p.bad, p.left = true, nil
		return
	}
	p.left = p.left[size:]
}

// digest names the row's content. It guards against damage, not against
// malice: 64 bits over all columns.
func (r *row) digest() uint64 {
	d := fnv(offset)
	u := &r.update
	for _, n := range [...]int64{
		int64(u.Bill), int64(u.Status), u.Date, int64(u.Occurrence), flag(r.open),
		int64(r.class), int64(r.reason), r.seq, r.attempts, flag(r.posted), r.begun, r.finished, r.run, r.line,
	} {
		d = d.number(uint64(n))
	}
	return uint64(d.text(u.RPO).text(r.code).text(r.text))
}

func identityDigest(account, api, zone string, created int64) uint64 {
	return uint64(fnv(offset).number(uint64(created)).text(account).text(api).text(zone))
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// fnv is FNV-1a, but for taking whole numbers at a time.
type fnv uint64

const (
	offset fnv = 14695981039346656037
	prime  fnv = 1099511628211
)

func (d fnv) number(n uint64) fnv {
	d = (d ^ fnv(n)) * prime
	return d ^ d>>32
}

func (d fnv) text(s string) fnv {
	d = d.number(uint64(len(s)))
	for i := range len(s) {
		d = (d ^ fnv(s[i])) * prime
	}
	return d
}

func (d fnv) bytes(b []byte) fnv {
	d = d.number(uint64(len(b)))
	for ; len(b) >= 8; b = b[8:] {
		d = d.number(binary.LittleEndian.Uint64(b))
	}
	for _, c := range b {
		d = (d ^ fnv(c)) * prime
	}
	return d
}

// began changes the row as a request starts.
func (r *row) began(now int64) {
	r.open = true
	r.attempts++
	r.begun = now
}

// forsake changes the row if a process that has ended began it and never saw
// its outcome: that is what the row is from now on.
func (r *row) forsake() {
	if r.open {
		r.open, r.class, r.reason, r.posted = false, batch.Unknown, batch.ReasonKilled, true
		r.code, r.text, r.finished = "", "", 0
	}
}

// ended changes the row as an outcome comes in. An update that was sent again
// without effect is what it was before.
func (r *row) ended(o batch.Outcome, seq int64) {
	r.posted = r.posted || posted(o) || r.open && o.Reason == batch.ReasonSettled
	if r.open && !posted(o) && o.Reason != batch.ReasonSettled { // it never started
		r.attempts--
	}
	r.open = false
	if o.Class == batch.Unsent && r.class != batch.Unsent {
		return
	}
	r.class, r.reason, r.code, r.text = o.Class, o.Reason, o.Code, o.Text
	r.finished = o.Finished.Unix()
	if o.Class == batch.Confirmed {
		r.seq = seq
	}
}

// posted reports whether a request with this outcome may have left.
func posted(o batch.Outcome) bool {
	switch o.Reason {
	case batch.ReasonConnect, batch.ReasonTLS, batch.ReasonStopped, batch.ReasonSettled:
		return false
	}
	return true
}

// record is the row as the rest of the program sees it.
func (r *row) record(rec *batch.Record) {
	*rec = batch.Record{Update: r.update, Seq: r.seq, Run: r.run, Line: int(r.line)}
	if r.begun != 0 {
		rec.Begun = time.Unix(r.begun, 0).UTC()
	}
	rec.Outcome = batch.Outcome{Attempts: int(r.attempts), Posted: r.posted}
	if r.open {
		rec.Outcome.Class, rec.Outcome.Reason, rec.Outcome.Posted = batch.Unknown, batch.ReasonKilled, true
		return
	}
	o := &rec.Outcome
	o.Class, o.Reason, o.Code, o.Text = r.class, r.reason, r.code, r.text
	if r.finished != 0 {
		o.Finished = time.Unix(r.finished, 0).UTC()
	}
}

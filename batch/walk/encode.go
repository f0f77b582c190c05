package walk

import (
	"encoding/binary"
	"fmt"
	"time"

	"billmark/batch"
)

// asked is what is kept of each row: about 28 bytes of it for a row that is sent.
type asked struct {
	bill   uint64
	date   int64
	row    uint32
	line   uint32
	at     uint32       // of the tracking number, in the part's bytes
	length uint8        // of it
	status batch.Status // 0: invalid
}

// rpo is the tracking number, in the bytes that the record was read from.
func (a *asked) rpo(data []byte) []byte { return data[a.at : a.at+uint32(a.length)] }

func (a *asked) encode(b []byte, rpo string) []byte {
	b = binary.AppendUvarint(b, a.bill)
	b = appendPlace(b, a.row, a.line)
	b = append(b, byte(a.status))
	if a.status.Dated() {
		b = binary.AppendVarint(b, a.date)
	}
	if a.status == batch.Sent {
		b = append(b, uint8(len(rpo)))
		b = append(b, rpo...)
	}
	return b
}

// decode reads the record that stands at a place of data, and gives the place
// after it.
func (a *asked) decode(data []byte, at int) (int, error) {
	r := reader{b: data[at:]}
	*a = asked{bill: r.uvarint()}
	a.row, a.line = r.place()
	a.status = batch.Status(r.byte())
	if a.status.Dated() {
		a.date = r.varint()
	}
	if a.status == batch.Sent {
		a.length = r.byte()
		a.at = uint32(len(data) - len(r.b))
		r.take(int(a.length))
	}
	return len(data) - len(r.b), r.err
}

// shared is what is kept of each row with a tracking number, to find out
// whether it stands on two bills.
type shared struct {
	rpo       uint64
	bill      uint64
	row, line uint32
}

func (s *shared) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.rpo)
	b = binary.AppendUvarint(b, s.bill)
	return appendPlace(b, s.row, s.line)
}

// leastShared is the length of the shortest such record.
const leastShared = 8 + 1 + 1 + 1

// decode reads the record that stands at a place of data, and gives the place
// after it.
func (s *shared) decode(data []byte, at int) (int, error) {
	r := reader{b: data[at:]}
	s.rpo, s.bill = r.uint64(), r.uvarint()
	s.row, s.line = r.place()
	return len(data) - len(r.b), r.err
}

// appendPlace appends a row and its line, which are never far apart.
func appendPlace(b []byte, row, line uint32) []byte {
	b = binary.AppendUvarint(b, uint64(row))
	return binary.AppendVarint(b, int64(line)-int64(row))
}

// known is what is kept of a journal's record.
type known struct {
	bill uint64
	batch.Known
	own bool // first begun for this very manifest
	// outcome is left as it is written until it is needed: there are
	// thousands in a part.
	outcome []byte
}

func (k *known) encode(b []byte, o *batch.Outcome) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.AppendUvarint(b, k.bill)
	b = append(b, byte(k.Ask.Status), byte(k.Class), bit(k.own))
	b = binary.AppendVarint(b, k.Ask.Date)
	b = binary.LittleEndian.AppendUint64(b, k.Ask.RPO)
	b = binary.AppendVarint(b, int64(k.Ask.Occurrence))
	b = binary.AppendVarint(b, k.Seq)
	b = appendOutcome(b, o)
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// decode reads one record and gives what follows it.
func (k *known) decode(b []byte) ([]byte, error) {
	body, rest, err := sized(b)
	if err != nil {
		return nil, err
	}
	r := reader{b: body}
	k.bill = r.uvarint()
	k.Ask.Status, k.Class, k.own = batch.Status(r.byte()), batch.Class(r.byte()), r.byte() != 0
	k.Ask.Date = r.varint()
	k.Ask.RPO = r.uint64()
	k.Ask.Occurrence = int(r.varint())
	k.Seq = r.varint()
	k.outcome = r.b
	return rest, r.err
}

// finding is what was decided on one row.
type finding struct {
	row        uint32
	first      uint32 // the first row that asks for the same update
	occurrence int
	send       bool // the update is to be sent
	own        bool // it was first begun for this very manifest
	again      bool
	more       bool
	status     batch.Status
	outcome    batch.Outcome

	// The rest of the update is there only if the row is its place, and it
	// is to be sent.
	bill uint64
	date int64
	line uint32
	rpo  []byte
}

// isTask reports whether the row is its update's place, and that is to be sent.
func (f *finding) isTask() bool { return f.send && f.first == f.row }

func (f *finding) task() batch.Task {
	u := batch.Update{Bill: f.bill, Status: f.status, Date: f.date, RPO: string(f.rpo), Occurrence: f.occurrence}
	return batch.Task{Update: u, Row: int(f.row), Line: int(f.line), More: f.more, Again: f.again}
}

// plain reports whether there is no more to the outcome than its class and
// reason, as with all rows that no run has come to yet.
func (f *finding) plain() bool {
	return f.occurrence == 0 && f.outcome == batch.Outcome{Class: f.outcome.Class, Reason: f.outcome.Reason}
}

func (f *finding) encode(b []byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, f.row)
	b = binary.LittleEndian.AppendUint32(b, f.first)
	plain := f.plain()
	b = append(b, bit(f.send)|bit(f.own)<<1|bit(f.again)<<2|bit(f.more)<<3|bit(plain)<<4, byte(f.status))
	if f.isTask() {
		b = binary.AppendUvarint(b, f.bill)
		b = binary.AppendVarint(b, f.date)
		b = binary.AppendUvarint(b, uint64(f.line))
		b = append(binary.AppendUvarint(b, uint64(len(f.rpo))), f.rpo...)
	}
	if plain {
		b = append(b, byte(f.outcome.Class), byte(f.outcome.Reason))
	} else {
		b = binary.AppendVarint(b, int64(f.occurrence))
		b = appendOutcome(b, &f.outcome)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// nextFinding gives the row and the length of the first of many findings.
func nextFinding(b []byte) (row uint32, size int, err error) {
	body, rest, err := sized(b)
	if err != nil {
		return 0, 0, err
	}
	r := reader{b: body}
	return r.uint32(), len(b) - len(rest), r.err
}

// decode reads one record. Its rpo is valid as long as the record is.
func (f *finding) decode(b []byte) error {
	body, _, err := sized(b)
	if err != nil {
		return err
	}
	r := reader{b: body}
	f.row, f.first = r.uint32(), r.uint32()
	flags := r.byte()
	f.send, f.own, f.again, f.more = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	f.status = batch.Status(r.byte())
	if f.isTask() {
		f.bill, f.date, f.line = r.uvarint(), r.varint(), uint32(r.uvarint())
		f.rpo = r.bytes()
	}
	if flags&16 != 0 {
		f.occurrence = 0
		f.outcome = batch.Outcome{Class: batch.Class(r.byte()), Reason: batch.Reason(r.byte())}
		return r.err
	}
	f.occurrence = int(r.varint())
	r.outcome(&f.outcome)
	return r.err
}

func appendOutcome(b []byte, o *batch.Outcome) []byte {
	finished := int64(0)
	if !o.Finished.IsZero() {
		finished = o.Finished.Unix()
	}
	b = append(b, byte(o.Class), byte(o.Reason), byte(o.Later), bit(o.Posted))
	for _, n := range [...]int64{int64(o.Line), int64(o.Same), int64(o.Attempts), finished} {
		b = binary.AppendVarint(b, n)
	}
	return appendText(appendText(b, o.Code), o.Text)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// sized splits off a record that begins with its own length.
func sized(b []byte) (body, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errSpoiled
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 4 || int64(n) > int64(len(b)) {
		return nil, nil, errSpoiled
	}
	return b[4:n], b[n:], nil
}

// errSpoiled means that a temporary file gave back something else than what
// was written. It must stop the run: a guess could send something twice.
var errSpoiled = fmt.Errorf("a temporary file was changed while in use")

// reader takes values off a record; after the first lack err is set.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if n < 0 || len(r.b) < n {
		r.err = errSpoiled
		return make([]byte, max(n, 0)&0xffff)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err = errSpoiled
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) place() (row, line uint32) {
	row = uint32(r.uvarint())
	return row, uint32(int64(row) + r.varint())
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.err = errSpoiled
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes takes a text, which is valid as long as the record is.
func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.err = errSpoiled
		return nil
	}
	return r.take(int(n))
}

func (r *reader) outcome(o *batch.Outcome) {
	o.Class, o.Reason, o.Later, o.Posted = batch.Class(r.byte()), batch.Reason(r.byte()), batch.Status(r.byte()), r.byte() != 0
	o.Line, o.Same, o.Attempts = int(r.varint()), int(r.varint()), int(r.varint())
	o.Finished = time.Time{}
	if at := r.varint(); at != 0 {
		o.Finished = time.Unix(at, 0).UTC()
	}
	o.Code, o.Text = string(r.bytes()), string(r.bytes())
}

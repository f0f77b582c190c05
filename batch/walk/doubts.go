package walk

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"billmark/batch"
)

// doubtBill warns of what is odd among the rows of one bill.
func (j *joiner) doubtBill(rows []asked, items []batch.Item, verdicts []batch.Verdict) {
	var paid, sent int         // index+1 of the last one
	var dated, distinct [2]int // the same, by pair
	for i := range rows {
		r := &rows[i]
		if r.status == 0 {
			continue
		}
		pair := r.status.Pair()
		if first := verdicts[i].First; first != i { // it is not sent itself
			if d := distinct[pair] - 1; d > first {
				j.doubt(r.row, r.line, "it asks the same as line %d, so it is not sent after line %d, which changes that; if it is to stand last, give it a date of its own",
					rows[first].line, rows[d].line)
			}
			continue
		}
		distinct[pair] = i + 1
		if !r.status.Dated() {
			continue
		}
		if p := dated[pair]; p > 0 && rows[p-1].date > r.date {
			j.doubt(r.row, r.line, "its date is before that of line %d, which is the same order", rows[p-1].line)
		}
		dated[pair] = i + 1
		switch r.status {
		case batch.Paid:
			if p := paid; p > 0 && rows[p-1].date != r.date {
				j.doubt(r.row, r.line, "order %d is also paid in line %d, with another date", r.bill, rows[p-1].line)
			}
			paid = i + 1
		case batch.Sent:
			if p := sent; p > 0 && items[p-1].Ask.RPO != items[i].Ask.RPO {
				j.doubt(r.row, r.line, "order %d has another tracking number in line %d; the last one wins", r.bill, rows[p-1].line)
			}
			sent = i + 1
		}
	}
}

func (j *joiner) doubt(row, line uint32, format string, args ...any) {
	j.doubts.add(batch.Fault{Row: int(row), Line: int(line), Message: fmt.Sprintf(format, args...)})
}

// sharedNumbers warns of tracking numbers that stand on two bills, of one part.
func (j *joiner) sharedNumbers(n int) (err error) {
	if j.texts, err = j.d.walk.rpos.load(n, j.texts); err != nil {
		return err
	}
	j.last.reset(j.texts)
	for at := 0; at < len(j.texts); {
		var a, b shared
		next, err := b.decode(j.texts, at)
		if err != nil {
			return err
		}
		if before := j.last.swap(b.rpo, at); before >= 0 {
			if _, err := a.decode(j.texts, before); err != nil {
				return err
			}
			if a.bill != b.bill {
				j.doubt(b.row, b.line, "its tracking number is also that of order %d in line %d", a.bill, a.line)
			}
		}
		at = next
	}
	return nil
}

// lastSeen finds the last row with a tracking number, by open addressing: the
// numbers are hashes already.
type lastSeen struct {
	data  []byte   // of a part
	slots []uint32 // 1 + where in data; 0: free
	shift int
}

// reset makes room for all records of a part, at least twice as much as they
// need.
func (l *lastSeen) reset(data []byte) {
	size := bits.Len(uint(2 * len(data) / leastShared))
	if len(l.slots) < 1<<size {
		l.slots = make([]uint32, 1<<size)
	}
	clear(l.slots)
	l.data, l.shift = data, 64-(bits.Len(uint(len(l.slots)))-1)
}

// swap puts the record at a place where the last one before it with the same
// number was, and gives the place of that; -1 if there is none.
func (l *lastSeen) swap(rpo uint64, at int) int {
	for slot := rpo >> l.shift; ; slot = (slot + 1) & uint64(len(l.slots)-1) {
		before := int(l.slots[slot]) - 1
		if before >= 0 && binary.LittleEndian.Uint64(l.data[before:]) != rpo {
			continue
		}
		l.slots[slot] = uint32(at) + 1
		return before
	}
}

package walk

import (
	"fmt"

	"billmark/batch"
)

// doubtBill warns of what is odd among the rows of one bill.
func (j *joiner) doubtBill(rows []asked) {
	var paid, sent, dated [2]int // index+1 of the last one; dated by pair
	for i := range rows {
		r := &rows[i]
		if r.status == 0 || !r.status.Dated() {
			continue
		}
		pair := r.status.Pair()
		if p := dated[pair]; p > 0 && rows[p-1].date > r.date {
			j.doubt(r, "its date is before that of line %d, which is the same order", rows[p-1].line)
		}
		dated[pair] = i + 1
		switch r.status {
		case batch.Paid:
			if p := paid[0]; p > 0 && rows[p-1].date != r.date {
				j.doubt(r, "order %d is also paid in line %d, with another date", r.bill, rows[p-1].line)
			}
			paid[0] = i + 1
		case batch.Sent:
			if p := sent[0]; p > 0 && rows[p-1].rpo != r.rpo {
				j.doubt(r, "order %d has another tracking number in line %d; the last one wins", r.bill, rows[p-1].line)
			}
			sent[0] = i + 1
		}
	}
}

func (j *joiner) doubt(r *asked, format string, args ...any) {
	j.d.walk.doubts.add(batch.Fault{Row: int(r.row), Line: int(r.line), Message: fmt.Sprintf(format, args...)})
}

// sharedNumbers warns of tracking numbers that stand on two bills.
func (j *joiner) sharedNumbers() error {
	last := map[uint64]int32{} // where in data the last row with a number is
	for n := range parts {
		data, err := j.d.walk.rpos.load(n)
		if err != nil {
			return err
		}
		if len(data)%askedSize != 0 {
			return errSpoiled
		}
		clear(last)
		for at := 0; at < len(data); at += askedSize {
			var a, b asked
			b.decode(data[at:])
			if before, ok := last[b.rpo]; ok {
				if a.decode(data[before:]); a.bill != b.bill {
					j.doubt(&b, "its tracking number is also that of order %d in line %d", a.bill, a.line)
				}
			}
			last[b.rpo] = int32(at)
		}
	}
	return nil
}

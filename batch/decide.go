package batch

import (
	"slices"
)

// Ask is what a row asks for, short enough to keep one for every row: within
// one bill, two rows ask the same if their Asks are equal. The zero Ask stands
// for a row that is no valid update.
type Ask struct {
	Status Status
	Date   int64
	// RPO is a hash of the tracking number. It must be wide and, as the
	// numbers come from outside, seeded.
	RPO uint64
	// Occurrence is as in Update.
	Occurrence int
}

// Item is one row of a bill, as Decide sees it.
type Item struct {
	Line int
	Ask  Ask
}

// Known is one record of a bill, as Decide sees it.
type Known struct {
	Ask   Ask
	Class Class
	Seq   int64
}

// Verdict is what Decide says of one item.
type Verdict struct {
	// Class, Reason, Line and Later are as in Outcome. An update that may be
	// sent is Unsent for ReasonNotReached, or for ReasonHeld while an earlier
	// one that was tried in vain goes first.
	Class  Class
	Reason Reason
	Line   int
	Later  Status
	// Send says that the update may be sent; Again that it is sent in spite
	// of what the journal knows; More that later items are to be sent too.
	Send, Again, More bool
	// Occurrence completes the item's Ask.
	Occurrence int
	// Known is the index of the update's record, or -1.
	Known int
	// First is the index of the first item that asks the same.
	First int
}

// Decider applies the rules of order, of new and of known updates. It reuses
// its memory from bill to bill and is used by one goroutine at a time.
type Decider struct {
	// Again says what is sent in spite of the rules.
	Again Again

	items    []Item
	known    []Known
	verdicts []Verdict
	seen     index
	records  index
	ahead    []lookAhead

	// newest is the pair's newest confirmed change: a record, or an item
	// that is sent before the item under decision.
	newest [2]change
	// before is the nearest confirmed item before the one under decision.
	before [2]change
	// doubt is the reason and line of an unknown or unverified update.
	doubt     Reason
	doubtLine int
	// blocked is the line of an earlier row that did not get its way, or 0.
	blocked int
}

// Decide gives the verdicts on one bill: its rows in manifest order, and all
// that the journal knows of it. They are valid until the next call. Time and
// space grow linearly with both lists.
//
// The verdicts do not change as a run carries them out: deciding anew after
// some of the updates were sent and confirmed says Send of just the others.
func (d *Decider) Decide(items []Item, known []Known) []Verdict {
	d.items, d.known, d.verdicts = items, known, d.verdicts[:0]
	d.newest, d.before = [2]change{}, [2]change{}
	d.doubt, d.doubtLine, d.blocked = ReasonNone, 0, 0
	for range items {
		d.verdicts = append(d.verdicts, Verdict{Known: -1})
	}
	d.distinguish()
	d.match()
	d.lookAhead()
	for i := range items {
		if d.verdicts[i].First == i {
			d.decide(i)
		}
	}
	d.finish()
	return d.verdicts
}

// change names a confirmed change of a pair: by its place in the journal's
// order, in which updates of this run come after all others.
type change struct {
	seq    int64
	status Status
	set    bool
}

// lookAhead is what stands after an item in the manifest, for each pair: the
// line of the nearest confirmed update, and the newest of them.
type lookAhead struct {
	line [2]int
	seq  [2]int64
}

// distinguish finds, for every item, the first one that asks the same. A
// cancel or return repeated directly is the same; repeated after another
// update of its pair it is the next occurrence.
func (d *Decider) distinguish() {
	d.seen.reset(len(d.items))
	var last [2]int // index+1 of the pair's last distinct update
	var count [Cancel + 1]int
	for i := range d.items {
		v := &d.verdicts[i]
		v.First = i
		ask := d.items[i].Ask
		if ask.Status == 0 {
			continue
		}
		pair := ask.Status.Pair()
		if !ask.Status.Dated() {
			if l := last[pair]; l > 0 && d.items[l-1].Ask.Status == ask.Status {
				v.First = l - 1
				continue
			}
			count[ask.Status]++
			ask.Occurrence = count[ask.Status]
			v.Occurrence = ask.Occurrence
		}
		if v.First = d.seen.add(ask, i); v.First == i {
			last[pair] = i + 1
		}
	}
}

// match finds the records of the items and what the records say of the whole
// bill.
func (d *Decider) match() {
	if len(d.known) == 0 {
		return
	}
	d.records.reset(len(d.known))
	for k := range d.known {
		r := &d.known[k]
		d.records.add(r.Ask, k)
		pair := r.Ask.Status.Pair()
		switch r.Class {
		case Unknown, Unverified:
			d.doubt = ReasonHeldElsewhere
		case Confirmed:
			if !d.newest[pair].set || r.Seq > d.newest[pair].seq {
				d.newest[pair] = change{r.Seq, r.Ask.Status, true}
			}
		}
	}
	for i := range d.items {
		v := &d.verdicts[i]
		if v.First != i || d.items[i].Ask.Status == 0 {
			continue
		}
		ask := d.items[i].Ask
		ask.Occurrence = v.Occurrence
		v.Known = d.records.find(ask)
		if v.Known >= 0 && d.inDoubt(v.Known) && d.doubtLine == 0 {
			d.doubt, d.doubtLine = ReasonHeld, d.items[i].Line
		}
	}
}

func (d *Decider) inDoubt(k int) bool {
	return d.known[k].Class == Unknown || d.known[k].Class == Unverified
}

// lookAhead notes what is confirmed after each item.
func (d *Decider) lookAhead() {
	d.ahead = slices.Grow(d.ahead[:0], len(d.items))[:len(d.items)]
	var after lookAhead
	for i := len(d.items) - 1; i >= 0; i-- {
		d.ahead[i] = after
		k := d.verdicts[i].Known
		if k < 0 || d.known[k].Class != Confirmed {
			continue
		}
		pair := d.items[i].Ask.Status.Pair()
		after.line[pair] = d.items[i].Line
		after.seq[pair] = max(after.seq[pair], d.known[k].Seq)
	}
}

// decide gives the verdict on a distinct item, all earlier ones being decided.
func (d *Decider) decide(i int) {
	v := &d.verdicts[i]
	status := d.items[i].Ask.Status
	if status == 0 {
		v.Class = Invalid
		d.block(i)
		return
	}
	if v.Known >= 0 {
		switch r := &d.known[v.Known]; r.Class {
		case Unknown, Unverified:
			v.Class = r.Class
			return
		case Rejected:
			v.Class = Rejected
			d.unless(i, AgainRejected)
			return
		case Confirmed:
			d.confirmed(i, r)
			return
		}
	}
	d.fresh(i)
}

// confirmed decides on an update that the journal has confirmed.
func (d *Decider) confirmed(i int, r *Known) {
	v, pair := &d.verdicts[i], r.Ask.Status.Pair()
	newest := d.newest[pair]
	isNewest := newest.seq == r.Seq
	d.before[pair] = change{r.Seq, r.Ask.Status, true}
	if !r.Ask.Status.Dated() && !isNewest && d.ahead[i].seq[pair] < r.Seq {
		v.Reason, v.Later = ReasonSuperseded, newest.status
		d.unless(i, AgainSuperseded)
		return
	}
	v.Class = Confirmed
	if !isNewest {
		v.Later = newest.status
	}
}

// fresh decides on an update that the journal does not know, or knows to have
// had no effect.
func (d *Decider) fresh(i int) {
	v, pair := &d.verdicts[i], d.items[i].Ask.Status.Pair()
	before, newest := d.before[pair], d.newest[pair]
	switch {
	case d.doubt != ReasonNone:
		d.hold(v)
	case d.ahead[i].line[pair] > 0:
		v.Reason, v.Line = ReasonLate, d.ahead[i].line[pair]
		d.unless(i, AgainLate)
	case before.set && before.seq != newest.seq:
		v.Reason, v.Later = ReasonStale, newest.status
		d.unless(i, AgainStale)
	case d.blocked > 0:
		d.hold(v)
	default:
		d.send(i)
	}
}

// unless leaves an item as it is, unless the user wants it sent again.
func (d *Decider) unless(i int, wanted Again) {
	v := &d.verdicts[i]
	if d.Again&wanted == 0 {
		d.block(i)
		return
	}
	if d.doubt != ReasonNone || d.blocked > 0 {
		d.hold(v)
		d.block(i)
		return
	}
	v.Again, v.Later, v.Line = true, 0, 0
	d.send(i)
}

// hold says what holds an item: a doubt about the bill, or an earlier row. A
// rejected update stays rejected.
func (d *Decider) hold(v *Verdict) {
	if v.Class != Unsent {
		return
	}
	v.Reason, v.Line, v.Later = ReasonHeld, d.blocked, 0
	if d.doubt != ReasonNone {
		v.Reason, v.Line = d.doubt, d.doubtLine
	}
}

// send lets an item go, and from then on takes it for the newest change.
func (d *Decider) send(i int) {
	v, status := &d.verdicts[i], d.items[i].Ask.Status
	v.Send, v.Class, v.Reason = true, Unsent, ReasonNotReached
	c := change{1<<62 + int64(i), status, true}
	d.newest[status.Pair()], d.before[status.Pair()] = c, c
}

// block makes an item hold all later ones.
func (d *Decider) block(i int) {
	if d.blocked == 0 {
		d.blocked = d.items[i].Line
	}
}

// finish copies verdicts to repetitions and looks for more to send.
func (d *Decider) finish() {
	more := false
	for i := len(d.verdicts) - 1; i >= 0; i-- {
		v := &d.verdicts[i]
		v.More = more
		more = more || v.Send
	}
	tried := 0
	for i := range d.verdicts {
		v := &d.verdicts[i]
		if v.Send && tried > 0 {
			v.Reason, v.Line = ReasonHeld, tried
		}
		if v.Send && v.Known >= 0 && !v.Again && tried == 0 {
			tried = d.items[i].Line
		}
		if v.First != i {
			*v = d.verdicts[v.First]
			v.Send = false
		}
	}
}

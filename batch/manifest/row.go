package manifest

import (
	"strings"

	"billmark/batch"
	"billmark/batch/api"
)

// The rules of single fields, for this room's use.
var (
	parseBill = api.ParseBill
	checkRPO  = api.CheckRPO
)

// brokenRow is a row that cannot be split into the header's cells. Its order
// number counts if it can be read, so that it holds what comes after it.
func (p *pass) brokenRow(why error) {
	r := &p.row
	message := why.Error() + ": is a delimiter missing, or not in quotes?"
	switch {
	case why == errQuote:
		message = why.Error() + "; double it where it is part of the text, or take it out"
	case p.blank():
		message = emptyRow
	case strings.Trim(string(p.raw), "\x1a\r\n") == "":
		message = "the row is a mark with which old programs end a file; take it out"
	}
	if at := p.file.columns[bill]; at >= 0 && at < len(p.split()) {
		r.Update.Bill, _ = parseBill(strings.TrimSpace(p.split()[at]))
	}
	r.Faults = []batch.Fault{{Row: r.Number, Line: r.Line, Value: cut(string(trimEnd(p.raw))), Message: message}}
}

const emptyRow = "the row is empty; take it out"

// fill reads what a row asks for. Its error refuses the file.
func (p *pass) fill(values *record) error {
	f, r := p.file, &p.row
	texts := [fields]string{values.Bill, values.Status, values.Date, values.RPO}
	for i := range texts {
		switch trimmed := strings.TrimSpace(texts[i]); {
		case f.constants[i].isSet:
			texts[i] = f.constants[i].text
		case len(trimmed) != len(texts[i]):
			texts[i] = trimmed
			r.Trimmed++
		}
	}
	number, err := parseBill(texts[bill])
	if err != nil && p.blank() {
		r.Faults = []batch.Fault{{Row: r.Number, Line: r.Line, Message: emptyRow}}
		return nil
	}
	p.fault(bill, err)
	p.doubt(bill, roundedBill(texts[bill], number))
	r.Update.Bill = number
	state, err := f.words.parse(texts[status])
	if err != nil {
		p.fault(status, err)
		return nil
	}
	u := batch.Update{Bill: number, Status: state}
	if err := p.fillDate(&u, texts[date]); err != nil {
		return err
	}
	if err := p.fillRPO(&u, texts[rpo]); err != nil {
		return err
	}
	if len(r.Faults) == 0 {
		r.Update = u
	} else {
		r.Warnings = nil
	}
	return nil
}

// roundedBill doubts a number of more digits than a spreadsheet keeps, all of
// whose other digits are zeros.
func roundedBill(text string, number uint64) string {
	const kept = 15
	if number < 1e15 || strings.Trim(text[kept:], "0") != "" {
		return ""
	}
	return "the order number ends in zeros from its 16th digit on; a spreadsheet may have rounded it: compare it with the order"
}

// fault notes what is wrong with a field.
func (p *pass) fault(field int, err error) {
	if err != nil {
		p.row.Faults = append(p.row.Faults, p.about(field, err.Error()))
	}
}

// doubt notes what may be wrong with a field.
func (p *pass) doubt(field int, message string) {
	if message != "" {
		p.row.Warnings = append(p.row.Warnings, p.about(field, message))
	}
}

func (p *pass) about(field int, message string) batch.Fault {
	column, value := fieldNames[field], p.file.constants[field].text
	if at := p.file.columns[field]; at >= 0 {
		column, value = p.file.header[at], p.split()[at]
	}
	return batch.Fault{Row: p.row.Number, Line: p.row.Line, Column: column, Value: value, Message: message}
}

// fillDate reads the date, if the status takes one.
func (p *pass) fillDate(u *batch.Update, text string) error {
	if !u.Status.Dated() {
		p.unused(date, text)
		return nil
	}
	if err := p.needs(date, u.Status); err != nil {
		return err
	}
	if c := &p.file.constants[date]; c.isSet {
		u.Date = c.seconds
		p.doubt(date, c.doubt)
		return nil
	}
	seconds, doubt, err := p.file.dates.parse(text)
	if refused := refusal(err); refused != nil {
		return refused
	}
	p.fault(date, err)
	p.doubt(date, doubt)
	if err == nil {
		u.Date = seconds
		p.file.dates.example(p.row.Line, text, seconds)
	}
	return nil
}

// fillRPO reads the tracking number, if the status takes one.
func (p *pass) fillRPO(u *batch.Update, text string) error {
	if u.Status != batch.Sent {
		p.unused(rpo, text)
		return nil
	}
	if err := p.needs(rpo, u.Status); err != nil {
		return err
	}
	err := checkRPO(text)
	p.fault(rpo, err)
	if err == nil {
		u.RPO = text
		p.doubt(rpo, api.RPODoubt(text))
	}
	return nil
}

// needs refuses a file in which a field that a row needs has no column.
func (p *pass) needs(field int, s batch.Status) error {
	f := p.file
	if f.columns[field] >= 0 || f.constants[field].isSet {
		return nil
	}
	err := f.missing(field)
	err.Message = "line " + itoa(p.row.Line) + " is " + s.String() + ", which needs the " + fieldNames[field] + ": " + err.Message
	return err
}

// unused counts a filled cell that the status does not take.
func (p *pass) unused(field int, text string) {
	if text != "" && p.file.columns[field] >= 0 {
		p.row.Unused++
	}
}

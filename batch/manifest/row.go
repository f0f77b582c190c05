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
	message := why.Error() + "; mend the row"
	if why != errQuote {
		message = why.Error() + ": is a delimiter missing, or not in quotes?"
		if at := p.file.columns[bill]; at >= 0 && at < len(p.split()) {
			r.Update.Bill, _ = parseBill(strings.TrimSpace(p.split()[at]))
		}
		if isBlank(p.split()) {
			message = "the row is empty; take it out"
		}
	}
	r.Faults = []batch.Fault{{Row: r.Number, Line: r.Line, Value: cut(string(trimEnd(p.raw))), Message: message}}
}

func isBlank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// fill reads what a row asks for. Its error refuses the file.
func (p *pass) fill(values *record) error {
	f, r := p.file, &p.row
	texts := [fields]string{values.Bill, values.Status, values.Date, values.RPO}
	for i := range texts {
		switch trimmed := strings.TrimSpace(texts[i]); {
		case f.constant[i] != "":
			texts[i] = f.constant[i]
		case len(trimmed) != len(texts[i]):
			texts[i] = trimmed
			r.Trimmed++
		}
	}
	number, err := parseBill(texts[bill])
	if err != nil && isBlank(p.split()) {
		r.Faults = []batch.Fault{{Row: r.Number, Line: r.Line, Message: "the row is empty; take it out"}}
		return nil
	}
	p.fault(bill, texts[bill], err)
	r.Update.Bill = number
	state, err := f.words.parse(texts[status])
	p.fault(status, texts[status], err)
	if err != nil {
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

// fault notes what is wrong with a field.
func (p *pass) fault(field int, value string, err error) {
	if err != nil {
		p.row.Faults = append(p.row.Faults, p.about(field, value, err.Error()))
	}
}

// doubt notes what may be wrong with a field.
func (p *pass) doubt(field int, value, message string) {
	if message != "" {
		p.row.Warnings = append(p.row.Warnings, p.about(field, value, message))
	}
}

func (p *pass) about(field int, value, message string) batch.Fault {
	column := fieldNames[field]
	if at := p.file.columns[field]; at >= 0 {
		column = p.file.header[at]
		value = p.split()[at]
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
	seconds, doubt, err := p.file.dates.parse(text)
	if refused := p.file.dates.refusal(err); refused != nil {
		return refused
	}
	p.fault(date, text, err)
	p.doubt(date, text, doubt)
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
	p.fault(rpo, text, err)
	if err == nil {
		u.RPO = text
		p.doubt(rpo, text, api.RPODoubt(text))
	}
	return nil
}

// needs refuses a file in which a field that a row needs has no column.
func (p *pass) needs(field int, s batch.Status) error {
	f := p.file
	if f.columns[field] >= 0 || f.constant[field] != "" {
		return nil
	}
	err := f.missing(field)
	err.Message += ", which line " + itoa(p.row.Line) + " needs: " + s.String() + " takes one"
	return err
}

// unused counts a filled cell that the status does not take.
func (p *pass) unused(field int, text string) {
	if text != "" && p.file.columns[field] >= 0 {
		p.row.Unused++
	}
}

package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"billmark/signer"
)

// The functions that there are.
const (
	update  = "UpdateOrderStatus"
	details = "getOrderDetails"
)

// bodyLimit is how large a request may be; a larger one counts as empty, as it
// does for PHP.
const bodyLimit = 1 << 20

// verdict is what the sandbox says to a request.
type verdict int

const (
	accepted verdict = iota
	noHash
	noData
	wrongData
	wrongHash
	noOrder
	noStatus
	notFound
)

var codes = [...]int{0, 1, 2, 3, 4, 200, 201, 400}

var texts = [...]string{
	accepted:  "ok",
	noHash:    "no hash was sent",
	noData:    "no data was sent",
	wrongData: "the data sent is wrong",
	wrongHash: "the hash is wrong",
	noOrder:   "there is no such order",
	noStatus:  "there is no such status",
	notFound:  "the order was not found",
}

// posted is a form as it came.
type posted struct {
	fields signer.Form // without the hash
	hash   string
	broken bool // no form that the hash could be right for
}

// text is a form in its order, without the hash, if anybody is going to read
// it.
func (s *Sandbox) text(p *posted) string {
	if s.cfg.Log == nil && !s.cfg.Keep {
		return ""
	}
	return p.fields.Encode()
}

func (p *posted) get(name string) string {
	for _, f := range p.fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// read reads a request's form. bare says that there is none. An error means
// that the request did not arrive as a whole.
func (s *Sandbox) read(r *http.Request) (form posted, bare bool, err error) {
	buf, _ := s.bodies.Get().(*bytes.Buffer)
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	defer s.bodies.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(io.LimitReader(r.Body, bodyLimit+1)); err != nil {
		return posted{}, true, err
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if buf.Len() == 0 || buf.Len() > bodyLimit || !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return posted{}, true, nil
	}
	return parse(buf.Bytes()), false, nil
}

// parse takes the hash out of a form, wherever it stands.
func parse(body []byte) posted {
	fields, err := signer.ParseForm(body)
	p := posted{fields: fields, broken: err != nil}
	for i := 0; i < len(p.fields); i++ {
		f := p.fields[i]
		// PHP keeps the last of two fields of one name and signs that.
		p.broken = p.broken || slices.ContainsFunc(p.fields[:i], func(g signer.Field) bool { return g.Name == f.Name })
		if f.Name == "hash" {
			p.hash = f.Value
			p.fields = slices.Delete(p.fields, i, i+1)
			i--
		}
	}
	return p
}

// decide judges a request, carries it out and puts both on record, in one
// step: the record has the order in which things happened.
func (s *Sandbox) decide(req *Request, form posted, bare bool) *reply {
	req.Form = s.text(&form)
	v := s.checkForm(&form, bare)
	s.mu.Lock()
	defer s.mu.Unlock()
	var read *Order
	if v == accepted {
		switch req.Function {
		case update:
			v = s.update(req, &form)
		case details:
			read, v = s.details(&form)
		}
	}
	req.Code, req.Verdict = strconv.Itoa(codes[v]), texts[v]
	s.recordLocked(req)
	if read != nil {
		return s.detailsReply(read)
	}
	return &s.replies[v]
}

// checkForm checks what is the same for all functions.
func (s *Sandbox) checkForm(form *posted, bare bool) verdict {
	switch {
	case bare:
		return noData
	case form.broken:
		return wrongHash
	case form.hash == "":
		return noHash
	case form.hash != s.cfg.Account.Hash(form.fields):
		return wrongHash
	default:
		return accepted
	}
}

// update carries out UpdateOrderStatus. The caller holds s.mu.
func (s *Sandbox) update(req *Request, form *posted) verdict {
	bill, status := form.get("bill_id"), form.get("status")
	date, rpo := form.get("date"), form.get("rpo")
	switch {
	case !isNumber(bill, 18) || status == "":
		return wrongData
	case !exists(bill):
		return noOrder
	case (status == "sent" || status == "paid") && !isNumber(date, 10):
		return wrongData
	case status == "sent" && (strings.TrimSpace(rpo) == "" || rpo == "0"):
		return wrongData
	}
	seconds, _ := strconv.ParseInt(date, 10, 64)
	if !s.store.change(bill, status, seconds, rpo) {
		return noStatus
	}
	s.store.note(bill, req.Form)
	req.Applied = true
	return accepted
}

// details carries out getOrderDetails. The caller holds s.mu.
func (s *Sandbox) details(form *posted) (*Order, verdict) {
	bill := form.get("bill_id")
	switch {
	case !isNumber(bill, 18):
		return nil, wrongData
	case !exists(bill):
		return nil, notFound
	}
	o := s.store.get(bill)
	return &o, accepted
}

// isNumber reports whether text is a positive number without leading zeros.
func isNumber(text string, digits int) bool {
	if text == "" || len(text) > digits || text[0] == '0' {
		return false
	}
	return strings.Trim(text, "0123456789") == ""
}

// exists: all orders do but a few that are easy to think of.
func exists(bill string) bool { return !strings.HasSuffix(bill, "404") }

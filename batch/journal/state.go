package journal

import (
	"fmt"
	"strconv"
	"strings"

	"billmark/batch"
)

// appendState writes all of a row but its key, in the order that the schema
// tells: JSON, so that SQLite can read it as well.
func (r *row) appendState(b []byte) []byte {
	b = append(b, '[')
	for _, n := range [...]int64{
		flag(r.open), int64(r.class), int64(r.reason), flag(r.posted),
		r.attempts, r.seq, r.begun, r.finished, r.run, r.line,
	} {
		b = append(strconv.AppendInt(b, n, 10), ',')
	}
	b = append(appendText(b, r.code), ',')
	return append(appendText(b, r.text), ']')
}

// appendAsk writes a row's key likewise.
func appendAsk(b []byte, u *batch.Update) []byte {
	b = append(strconv.AppendUint(append(b, '['), u.Bill, 10), ',')
	b = append(strconv.AppendInt(b, int64(u.Status), 10), ',')
	b = append(strconv.AppendInt(b, u.Date, 10), ',')
	b = append(appendText(b, u.RPO), ',')
	return append(strconv.AppendInt(b, int64(u.Occurrence), 10), ']')
}

// parseAsk reads what appendAsk wrote.
func parseAsk(s string, u *batch.Update) error {
	p := stateParser{left: s}
	u.Bill, u.Status, u.Date = uint64(p.number()), batch.Status(p.number()), p.number()
	p.text(&u.RPO)
	u.Occurrence = int(p.number())
	if p.bad || p.left != "]" {
		return errState
	}
	return nil
}

// appendText writes a JSON string. Bytes that are no UTF-8 stay what they are,
// which SQLite does not mind and package json would not do.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// parseState reads what appendState wrote.
func (r *row) parseState(s string) error {
	p := stateParser{left: s}
	r.open, r.class, r.reason, r.posted = p.number() != 0, batch.Class(p.number()), batch.Reason(p.number()), p.number() != 0
	r.attempts, r.seq, r.begun, r.finished, r.run, r.line = p.number(), p.number(), p.number(), p.number(), p.number(), p.number()
	p.text(&r.code)
	p.text(&r.text)
	if p.bad || p.left != "]" {
		return errState
	}
	return nil
}

var errState = fmt.Errorf("%w: a record cannot be read", batch.ErrDamaged)

// stateParser reads one value after the other off a JSON array.
type stateParser struct {
	left string // with the sign before the next value
	bad  bool
}

func (p *stateParser) number() int64 {
	s, i, n := p.left, 1, int64(0)
	negative := len(s) > 1 && s[1] == '-'
	if negative {
		i = 2
	}
	first := i
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		n = n*10 - int64(s[i]-'0')
	}
	if i == first {
		p.bad, p.left = true, ""
		return 0
	}
	p.left = s[i:]
	if negative {
		return n
	}
	return -n
}

// text reads a string. It is a part of the array, unless it has escapes.
func (p *stateParser) text(into *string) {
	s := p.left
	end := -1
	if len(s) > 1 && s[1] == '"' {
		end = strings.IndexByte(s[2:], '"')
	}
	if end < 0 {
		p.bad, p.left = true, ""
		return
	}
	if plain := s[2 : 2+end]; strings.IndexByte(plain, '\\') < 0 {
		*into = plain
		p.left = s[3+end:]
		return
	}
	*into = p.escaped(s[2:])
}

// escaped reads a string with escapes, from behind its first quote.
func (p *stateParser) escaped(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			p.left = s[i+1:]
			return string(b)
		case s[i] != '\\':
			b = append(b, s[i])
		case strings.HasPrefix(s[i:], `\u00`) && len(s) > i+5:
			n, err := strconv.ParseUint(s[i+4:i+6], 16, 8)
			p.bad = p.bad || err != nil
			b = append(b, byte(n))
			i += 5
		default:
			i++
			if i < len(s) {
				b = append(b, s[i])
			}
		}
	}
	p.bad, p.left = true, ""
	return ""
}

package client

import "bytes"

// shape says what the beginning of a reply looks like.
type shape uint8

const (
	unusual shape = iota // may be anything; not for us to say
	partial              // ordinary so far, more must come
	whole                // an ordinary reply, and not a byte more
)

const (
	statusLine = "HTTP/1.1 200"
	maxDigits  = 5 // of a Content-Length; more would not fit anyway
)

// ordinary understands the reply that nearly always comes: HTTP/1.1, status
// 200, one plain Content-Length, nothing else that changes how it is read or
// what becomes of the connection. It is stricter than the standard library's
// parser, and must agree with it on all that it calls whole. The body is part
// of b.
func ordinary(b []byte) ([]byte, shape) {
	if len(b) < len(statusLine) {
		return nil, prefixShape(b)
	}
	if string(b[:len(statusLine)]) != statusLine {
		return nil, unusual
	}
	rest := b[len(statusLine):]
	if len(rest) > 0 && rest[0] != ' ' && rest[0] != '\r' {
		return nil, unusual
	}
	length := -1
	for first := true; ; first = false {
		line, after, is := cutLine(rest)
		if is != whole {
			return nil, is
		}
		rest = after
		switch {
		case first: // what is left of the status line: a phrase for people
		case len(line) == 0:
			return cutBody(rest, length)
		case !plainField(line, &length):
			return nil, unusual
		}
	}
}

func prefixShape(b []byte) shape {
	if string(b) == statusLine[:len(b)] {
		return partial
	}
	return unusual
}

// cutLine cuts off a line that ends in CR LF and holds printable ASCII.
func cutLine(b []byte) (line, rest []byte, is shape) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, nil, partial
	}
	if i == 0 || b[i-1] != '\r' {
		return nil, nil, unusual
	}
	line = b[:i-1]
	for _, c := range line {
		if (c < ' ' || c > '~') && c != '\t' {
			return nil, nil, unusual
		}
	}
	return line, b[i+1:], whole
}

func cutBody(b []byte, length int) ([]byte, shape) {
	switch {
	case length < 0 || len(b) > length:
		return nil, unusual
	case len(b) < length:
		return nil, partial
	default:
		return b, whole
	}
}

// plainField takes one header line; false means that the line is, or may be,
// one that matters in a way not understood here.
func plainField(line []byte, length *int) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	for _, c := range name {
		if !nameByte(c) {
			return false
		}
	}
	switch len(name) {
	case len("connection"):
		return !fold(name, "connection") || fold(value, "keep-alive")
	case len("content-length"):
		return !fold(name, "content-length") || takeLength(value, length)
	case len("transfer-encoding"):
		return !fold(name, "transfer-encoding")
	case len("content-encoding"):
		return !fold(name, "content-encoding")
	case len("retry-after"):
		return !fold(name, "retry-after")
	case len("upgrade"):
		return !fold(name, "upgrade") && !fold(name, "trailer")
	}
	return true
}

// takeLength reads a Content-Length, which must be the only one.
func takeLength(value []byte, length *int) bool {
	if *length >= 0 || len(value) == 0 || len(value) > maxDigits {
		return false
	}
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	*length = n
	return true
}

// nameByte reports whether c surely may stand in a header's name.
func nameByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// fold compares ASCII text with a lower-case word, in any case.
func fold(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

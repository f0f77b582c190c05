package client

import "strconv"

// appendRequest appends a whole request. Nothing in it invites anybody on the
// way to send it twice.
func (e *endpoint) appendRequest(b []byte, function string, body []byte) []byte {
	b = append(b, e.start...)
	b = append(b, function...)
	b = append(b, e.headers...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}

// plainWord reports whether a function's name can stand in a request line.
func plainWord(name string) bool {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && (name[i] < '0' || name[i] > '9') {
			return false
		}
	}
	return name != ""
}

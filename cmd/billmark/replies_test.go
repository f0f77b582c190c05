package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"billmark/batch"
	"billmark/signer"
)

// oddReply is a reply that is hostile, broken or merely odd, and the one right
// outcome of the row it answers.
type oddReply struct {
	name    string
	text    string // all that the server says; if its end cannot be told otherwise, it then closes the connection
	outcome string
	words   string         // in the message
	play    func(net.Conn) // instead of text
	stays   bool           // what it plays is a whole reply: the connection goes on
	hang    bool           // the server leaves the connection open
	stray   bool           // afterwards no connection is used twice
	waits   bool           // it asks for a long pause: in a run of its own, and the last
}

// said is a reply's body with a right hash.
func said(code, text string) string {
	return fmt.Sprintf(`{"error_code":%s,"error_text":%q,"hash":"%s"}`, code, text, hashOf(code, text))
}

func hashOf(code, text string) string {
	account, err := signer.NewAccount(shopAccount, shopKey)
	if err != nil {
		panic(err)
	}
	return account.SignReply(code, text)
}

// http11 is a reply of some status, with a right Content-Length.
func http11(status, body string, headers ...string) string {
	text := "HTTP/1.1 " + status + "\r\n"
	for _, h := range headers {
		text += h + "\r\n"
	}
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", text, len(body), body)
}

// answers is a reply of status 200 with that body.
func answers(body string) string { return http11("200 OK", body) }

func filledUp(size int) string {
	text := said("0", "ok")
	return text + strings.Repeat(" ", size-len(text))
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

var (
	yes      = said("0", "ok")
	yesHash  = hashOf("0", "ok")
	quiet200 = "HTTP/1.1 200 OK\r\n"
)

const (
	garbled = "what came back is no reply"
	cutOff  = "the connection broke before a whole reply"
	late    = "no whole reply came in time"
	noShape = "is not what the API is documented to answer"
	noHash  = "hash is wrong"
	tooLong = "too long to be the API's"
)

// oddReplies are what the tests below say. What package signer refuses in a
// body is held against a longer list there; here stands one of each kind. They
// are made when they are asked for: tests of killed programs start this one often.
var oddReplies = sync.OnceValue(func() []oddReply {
	return []oddReply{
		// The end of the connection.
		{name: "closed without a word", outcome: "unknown", words: cutOff},
		{name: "reset without a word", outcome: "unknown", words: cutOff, play: func(c net.Conn) { resetConn(c) }},
		{name: "reset in the middle", outcome: "unknown", words: cutOff, play: func(c net.Conn) {
			io.WriteString(c, answers(yes)[:70])
			resetConn(c)
		}},
		{name: "a blank line and the end", text: "\r\n", outcome: "unknown", words: "sent, and"},
		{name: "half closed", outcome: "unknown", hang: true, words: cutOff, play: func(c net.Conn) { c.(interface{ CloseWrite() error }).CloseWrite() }},

		// The status line.
		{name: "HTTP/0.9", text: yes, outcome: "unknown", words: garbled},
		{name: "HTTP/0.9, a page", text: "<html>sign in</html>", outcome: "unknown", words: garbled},
		{name: "HTTP/2 settings", text: "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x10\x00\x00", outcome: "unknown", words: garbled},
		{name: "HTTP/2 preface", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", outcome: "unknown", words: garbled},
		{name: "HTTP/2.0 200", text: "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", outcome: "unknown", words: garbled},
		{name: "HTTP/3 200", text: "HTTP/3 200 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "ICY 200", text: "ICY 200 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "http in small letters", text: strings.Replace(answers(yes), "HTTP", "http", 1), outcome: "unknown", words: garbled},
		{name: "blank lines first", text: "\r\n\r\n" + answers(yes), outcome: "unknown", words: garbled},
		{name: "a byte-order mark first", text: "\ufeff" + answers(yes), outcome: "unknown", words: garbled},
		{name: "status of two digits", text: "HTTP/1.1 20 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "status of four digits", text: "HTTP/1.1 2000 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "negative status", text: "HTTP/1.1 -200 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "status 0200", text: "HTTP/1.1 0200 OK\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "status 999", text: http11("999 No", yes), outcome: "unverified", words: "999"},
		{name: "a mail server", text: "220 mail.example ESMTP\r\n", outcome: "unknown", words: garbled},
		{name: "a TLS alert", text: "\x15\x03\x01\x00\x02\x02\x28", outcome: "unknown", words: garbled},
		{name: "a status line without end", text: "HTTP/1.1 200 " + strings.Repeat("K", 40<<10), outcome: "unknown", words: garbled},
		{name: "escapes in the phrase", text: http11("404 \x1b[2Jgone", "", "X: y"), outcome: "unverified", words: "404 Not Found"},

		// Headers.
		{name: "two lengths that differ", text: quiet200 + "Content-Length: 5\r\n" + strings.TrimPrefix(answers(yes), quiet200), outcome: "unknown", words: garbled},
		{name: "a list of lengths", text: quiet200 + fmt.Sprintf("Content-Length: %d, %d\r\n\r\n%s", len(yes), len(yes), yes), outcome: "unknown", words: garbled},
		{name: "negative length", text: quiet200 + "Content-Length: -1\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "a length with a sign", text: quiet200 + fmt.Sprintf("Content-Length: +%d\r\n\r\n%s", len(yes), yes), outcome: "unknown", words: garbled},
		{name: "a length in hex", text: quiet200 + fmt.Sprintf("Content-Length: 0x%x\r\n\r\n%s", len(yes), yes), outcome: "unknown", words: garbled},
		{name: "a length over 64 bits", text: quiet200 + "Content-Length: 18446744073709551617\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "a huge length", text: quiet200 + "Content-Length: 9223372036854775807\r\n\r\n" + yes, outcome: "unknown", words: cutOff},
		{name: "length and chunks", text: quiet200 + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(yes), outcome: "confirmed"},
		{name: "chunked twice", text: quiet200 + "Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks(yes), outcome: "unknown", words: garbled},
		{name: "unknown transfer encoding", text: quiet200 + "Transfer-Encoding: identity\r\n\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "folded header", text: quiet200 + "X: y\r\n z\r\n" + strings.TrimPrefix(answers(yes), quiet200), outcome: "confirmed"},
		{name: "folded length", text: quiet200 + fmt.Sprintf("Content-Length:\r\n %d\r\n\r\n%s", len(yes), yes), outcome: "confirmed"},
		{name: "NUL in a header", text: quiet200 + "X: a\x00b\r\n" + strings.TrimPrefix(answers(yes), quiet200), outcome: "unknown", words: garbled},
		{name: "a header without a colon", text: quiet200 + "nonsense\r\n" + strings.TrimPrefix(answers(yes), quiet200), outcome: "unknown", words: garbled},
		{name: "a blank before the colon", text: quiet200 + fmt.Sprintf("Content-Length : %d\r\n\r\n%s", len(yes), yes), outcome: "confirmed"},
		{name: "headers of 40 KiB", text: http11("200 OK", yes, "X: "+strings.Repeat("y", 40<<10)), outcome: "unknown", words: garbled},
		{name: "ten thousand headers", text: http11("200 OK", yes, strings.Split(strings.Repeat("X: y\n", 10_000), "\n")[:9_999]...), outcome: "unknown", words: garbled},
		{name: "what was sent comes back", text: http11("200 OK", "bill_id=1&status=paid&hash=00000000000000000000000000000000"), outcome: "unverified", words: noShape},
		{name: "bare line feeds", text: strings.ReplaceAll(answers(yes), "\r\n", "\n"), outcome: "confirmed"},
		{name: "a wrong content type", text: http11("200 OK", yes, "Content-Type: text/html"), outcome: "confirmed"},
		{name: "a cookie", text: http11("200 OK", yes, "Set-Cookie: session=1; Secure"), outcome: "confirmed"},

		// Framing of the body.
		{name: "chunks", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n" + chunks(yes), outcome: "confirmed"},
		{name: "chunks of one byte", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n" + chunks(strings.Split(yes, "")...), outcome: "confirmed"},
		{name: "chunks with a trailer", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n" + strings.TrimSuffix(chunks(yes), "\r\n") + "X: y\r\n\r\n", outcome: "confirmed"},
		{name: "a chunk cut off", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\nff\r\n" + yes, outcome: "unknown", words: cutOff},
		{name: "no last chunk", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n" + strings.TrimSuffix(chunks(yes), "0\r\n\r\n"), outcome: "unknown", words: cutOff},
		{name: "a chunk of negative length", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n", outcome: "unknown", words: garbled},
		{name: "a chunk of huge length", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + yes, outcome: "unknown", words: garbled},
		{name: "half the body", text: answers(yes)[:len(answers(yes))-20], outcome: "unknown", words: cutOff},
		{name: "all but a byte", text: answers(yes)[:len(answers(yes))-1], outcome: "unknown", words: cutOff},
		{name: "half the body, no length", text: quiet200 + "\r\n" + yes[:30], outcome: "unverified", words: noShape},
		{name: "no length, whole", text: quiet200 + "\r\n" + yes, outcome: "confirmed"},
		{name: "HTTP/1.0", text: "HTTP/1.0 200 OK\r\n\r\n" + yes, outcome: "confirmed"},
		{name: "a length that is too short", text: quiet200 + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(yes)-3, yes), outcome: "unverified", words: noShape, stray: true},
		{name: "64 KiB", text: answers(filledUp(64 << 10)), outcome: "confirmed"},
		{name: "64 KiB and a byte", text: answers(filledUp(64<<10 + 1)), outcome: "unverified", words: tooLong},
		{name: "64 KiB and a byte, chunked", text: quiet200 + "Transfer-Encoding: chunked\r\n\r\n" + chunks(filledUp(64<<10+1)), outcome: "unverified", words: tooLong},
		{name: "a megabyte, no length", text: quiet200 + "\r\n" + filledUp(1<<20), outcome: "unverified", words: tooLong},
		{name: "an empty body", text: answers(""), outcome: "unverified", words: noShape},
		{name: "gzip that nobody asked for", text: http11("200 OK", zipped(yes), "Content-Encoding: gzip"), outcome: "unverified", words: noShape},
		{name: "said to be gzip, and is not", text: http11("200 OK", yes, "Content-Encoding: gzip"), outcome: "unverified", words: "compressed (gzip)"},
		{name: "said to be encoded twice", text: http11("200 OK", yes, "Content-Encoding: identity", "content-encoding: br"), outcome: "unverified", words: "compressed (identity, br)"},
		{name: "said to be encoded with nothing", text: http11("200 OK", yes, "Content-Encoding: none"), outcome: "confirmed"},
		{name: "said to be encoded with a character set", text: http11("200 OK", yes, "Content-Encoding: utf-8"), outcome: "confirmed"},
		{name: "said not to be encoded", text: http11("200 OK", yes, "Content-Encoding: Identity"), outcome: "confirmed"},
		{name: "a bomb", text: http11("200 OK", zipped(filledUp(32<<20)), "Content-Encoding: gzip"), outcome: "unverified", words: noShape},
		{name: "gzip in disguise", text: answers(zipped(yes)), outcome: "unverified", words: noShape},

		// More than one reply.
		{name: "100 first", text: "HTTP/1.1 100 Continue\r\n\r\n" + answers(yes), outcome: "confirmed"},
		{name: "103 first", text: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answers(yes), outcome: "confirmed"},
		{name: "a flood of 100", text: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000) + answers(yes), outcome: "unknown", words: garbled},
		{name: "100 and the end", text: "HTTP/1.1 100 Continue\r\n\r\n", outcome: "unknown", words: cutOff},
		{name: "101", text: http11("101 Switching Protocols", yes, "Upgrade: h2c", "Connection: upgrade"), outcome: "unverified", words: "101"},
		{name: "the same reply twice", text: answers(yes) + answers(yes), outcome: "confirmed", stray: true},
		{name: "another reply behind it", text: answers(said("200", "no such order")) + answers(yes), outcome: "rejected", stray: true},
		{name: "a byte behind it", text: answers(yes) + "x", outcome: "confirmed", stray: true},

		// Other statuses, with a body that would be right.
		{name: "201", text: http11("201 Created", yes), outcome: "unverified", words: "201"},
		{name: "204 with a body", text: "HTTP/1.1 204 No Content\r\n\r\n" + yes, outcome: "unverified", words: "204", stray: true},
		{name: "205", text: http11("205 Reset Content", yes), outcome: "unverified", words: "205"},
		{name: "206", text: http11("206 Partial Content", yes, fmt.Sprintf("Content-Range: bytes 0-%d/%d", len(yes)-1, len(yes))), outcome: "unverified", words: "206"},
		{name: "300", text: http11("300 Multiple Choices", yes), outcome: "unverified", words: "300"},
		{name: "301", text: http11("301 Moved Permanently", yes, "Location: /api/UpdateOrderStatus"), outcome: "unverified", words: "301"},
		{name: "302", text: http11("302 Found", yes, "Location: /api/UpdateOrderStatus"), outcome: "unverified", words: "302"},
		{name: "303", text: http11("303 See Other", yes, "Location: /api/UpdateOrderStatus"), outcome: "unverified", words: "303"},
		{name: "304 with a body", text: "HTTP/1.1 304 Not Modified\r\n\r\n" + yes, outcome: "unverified", words: "304", stray: true},
		{name: "307", text: http11("307 Temporary Redirect", yes, "Location: /api/UpdateOrderStatus"), outcome: "unverified", words: "307"},
		{name: "308", text: http11("308 Permanent Redirect", yes, "Location: /api/UpdateOrderStatus"), outcome: "unverified", words: "308"},
		{name: "308 to itself, closed", text: http11("308 Permanent Redirect", "", "Location: "), outcome: "unverified", words: "308"},
		{name: "400", text: http11("400 Bad Request", yes), outcome: "unverified", words: "400"},
		{name: "401", text: http11("401 Unauthorized", yes, "WWW-Authenticate: Basic realm=x"), outcome: "unverified", words: "401"},
		{name: "402", text: http11("402 Payment Required", yes), outcome: "unverified", words: "402"},
		{name: "403", text: http11("403 Forbidden", yes), outcome: "unverified", words: "403"},
		{name: "404", text: http11("404 Not Found", yes), outcome: "unverified", words: "404"},
		{name: "405", text: http11("405 Method Not Allowed", yes, "Allow: GET"), outcome: "unverified", words: "405"},
		{name: "407", text: http11("407 Proxy Authentication Required", yes, "Proxy-Authenticate: Basic"), outcome: "unverified", words: "407"},
		{name: "408", text: http11("408 Request Timeout", yes, "Connection: close"), outcome: "unverified", words: "408"},
		{name: "409", text: http11("409 Conflict", yes), outcome: "unverified", words: "409"},
		{name: "413", text: http11("413 Content Too Large", ""), outcome: "unverified", words: "413"},
		{name: "414", text: http11("414 URI Too Long", ""), outcome: "unverified", words: "414"},
		{name: "417", text: http11("417 Expectation Failed", ""), outcome: "unverified", words: "417"},
		{name: "421", text: http11("421 Misdirected Request", ""), outcome: "unverified", words: "421"},
		{name: "425", text: http11("425 Too Early", "", "Retry-After: 0"), outcome: "unverified", words: "425"},
		{name: "429", text: http11("429 Too Many Requests", ""), outcome: "unsent", words: "asked to slow down"},
		{name: "429, seconds", text: http11("429 Too Many Requests", "", "Retry-After: 1"), outcome: "unsent", words: "asked to slow down"},
		{name: "429, a date", text: http11("429 Too Many Requests", "", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"), outcome: "unsent", words: "asked to slow down"},
		{name: "429, a date far off", text: http11("429 Too Many Requests", "", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"), outcome: "unsent", words: "asked to slow down", waits: true},
		{name: "429, absurd seconds", text: http11("429 Too Many Requests", "", "Retry-After: 99999999999999999999999"), outcome: "unsent", words: "asked to slow down", waits: true},
		{name: "429, negative seconds", text: http11("429 Too Many Requests", "", "Retry-After: -1"), outcome: "unsent", words: "asked to slow down"},
		{name: "429, nonsense", text: http11("429 Too Many Requests", "", "Retry-After: soon"), outcome: "unsent", words: "asked to slow down"},
		{name: "429 and a no", text: http11("429 Too Many Requests", said("200", "slow down")), outcome: "unsent", words: "asked to slow down"},
		{name: "429 and a yes", text: http11("429 Too Many Requests", yes), outcome: "unverified", words: "429"},
		{name: "429 cut off", text: http11("429 Too Many Requests", yes)[:60], outcome: "unknown", words: cutOff},
		{name: "431", text: http11("431 Request Header Fields Too Large", ""), outcome: "unverified", words: "431"},
		{name: "500 and a yes", text: http11("500 Internal Server Error", yes), outcome: "unverified", words: "500"},
		{name: "500 and a no", text: http11("500 Internal Server Error", said("200", "no such order")), outcome: "unverified", words: "500"},
		{name: "502 and a yes", text: http11("502 Bad Gateway", yes), outcome: "unverified", words: "502"},
		{name: "503, try again", text: http11("503 Service Unavailable", yes, "Retry-After: 1"), outcome: "unverified", words: "503"},
		{name: "504", text: http11("504 Gateway Timeout", ""), outcome: "unverified", words: "504"},
		{name: "520", text: http11("520 ", ""), outcome: "unverified", words: "520"},
		{name: "521", text: http11("521 Down", ""), outcome: "unverified", words: "521"},
		{name: "522", text: http11("522 Timed Out", ""), outcome: "unverified", words: "522"},
		{name: "523", text: http11("523 Unreachable", ""), outcome: "unverified", words: "523"},
		{name: "524", text: http11("524 A Timeout", ""), outcome: "unverified", words: "524"},

		// The JSON in the body.
		{name: "a page", text: answers("<!DOCTYPE html><title>Sign in</title>"), outcome: "unverified", words: noShape},
		{name: "a notice before it", text: answers("<br />\n<b>Notice</b>: Undefined index\n" + yes), outcome: "unverified", words: noShape},
		{name: "a byte-order mark before it", text: answers("\ufeff" + yes), outcome: "unverified", words: noShape},
		{name: "a bracket behind it", text: answers(yes + "}"), outcome: "unverified", words: noShape},
		{name: "a second object behind it", text: answers(yes + yes), outcome: "unverified", words: noShape},
		{name: "NUL behind it", text: answers(yes + "\x00"), outcome: "unverified", words: noShape},
		{name: "blanks around it", text: answers(" \t\r\n" + yes + "\r\n\t "), outcome: "confirmed"},
		{name: "a form feed around it", text: answers("\f" + yes), outcome: "unverified", words: noShape},
		{name: "an array", text: answers("[" + yes + "]"), outcome: "unverified", words: noShape},
		{name: "an object in an object", text: answers(`{"result":` + yes + `}`), outcome: "unverified", words: noShape},
		{name: "a string", text: answers(`"` + yesHash + `"`), outcome: "unverified", words: noShape},
		{name: "null", text: answers("null"), outcome: "unverified", words: noShape},
		{name: "an empty object", text: answers("{}"), outcome: "unverified", words: noShape},
		{name: "a JSONP call", text: answers("callback(" + yes + ")"), outcome: "unverified", words: noShape},
		{name: "two codes", text: answers(`{"error_code":0,"error_code":0,` + strings.TrimPrefix(yes, `{"error_code":0,`)), outcome: "unverified", words: noShape},
		{name: "two hashes", text: answers(`{"hash":"` + yesHash + `",` + yes[1:]), outcome: "unverified", words: noShape},
		{name: "a code in disguise", text: answers(strings.Replace(yes, "error_code", `\u0065rror_code`, 1)), outcome: "confirmed"},
		{name: "two codes, one in disguise", text: answers(`{"\u0065rror_code":5,` + yes[1:]), outcome: "unverified", words: noShape},
		{name: "Error_Code", text: answers(strings.Replace(yes, "error_code", "Error_Code", 1)), outcome: "unverified", words: noShape},
		{name: "ha\u017fh", text: answers(strings.Replace(yes, `"hash"`, "\"ha\u017fh\"", 1)), outcome: "unverified", words: noShape},
		{name: "other members", text: answers(`{"x":[{"error_code":1}],` + yes[1:]), outcome: "confirmed"},
		{name: "code 0.0", text: answers(strings.Replace(yes, ":0,", ":0.0,", 1)), outcome: "unverified", words: noShape},
		{name: "code 1e0", text: answers(coded("1e0", "1", "ok")), outcome: "unverified", words: noShape},
		{name: "code 0e0", text: answers(coded("0e0", "0", "ok")), outcome: "unverified", words: noShape},
		{name: "code -0", text: answers(coded("-0", "0", "ok")), outcome: "unverified", words: noShape},
		{name: "code -0 in quotes", text: answers(coded(`"-0"`, "-0", "ok")), outcome: "unverified", words: noShape},
		{name: "code 00", text: answers(coded("00", "00", "ok")), outcome: "unverified", words: noShape},
		{name: "code 00 in quotes", text: answers(coded(`"00"`, "00", "ok")), outcome: "unverified", words: noShape},
		{name: "code 0 in quotes", text: answers(coded(`"0"`, "0", "ok")), outcome: "confirmed"},
		{name: "code false", text: answers(coded("false", "", "ok")), outcome: "unverified", words: noShape},
		{name: "code true", text: answers(coded("true", "1", "ok")), outcome: "unverified", words: noShape},
		{name: "code null", text: answers(coded("null", "", "ok")), outcome: "unverified", words: noShape},
		{name: "no code", text: answers(`{"error_text":"ok","hash":"` + hashOf("", "ok") + `"}`), outcome: "unverified", words: noShape},
		{name: "code 0 with words", text: answers(coded(`"0abc"`, "0abc", "ok")), outcome: "unverified", words: noShape},
		{name: "a code of 17 digits", text: answers(coded("12345678901234567", "12345678901234567", "no")), outcome: "rejected", words: "no"},
		{name: "a code of 40 digits", text: answers(coded(strings.Repeat("9", 40), strings.Repeat("9", 40), "no")), outcome: "rejected"},
		{name: "code -1", text: answers(said("-1", "no")), outcome: "rejected"},
		{name: "an unknown code", text: answers(said("31337", "no")), outcome: "rejected"},
		{name: "no such order", text: answers(said("200", "there is no such order")), outcome: "rejected"},
		{name: "text null", text: answers(`{"error_code":0,"error_text":null,"hash":"` + hashOf("0", "") + `"}`), outcome: "confirmed"},
		{name: "text empty", text: answers(said("0", "")), outcome: "confirmed"},
		{name: "text missing", text: answers(`{"error_code":0,"hash":"` + hashOf("0", "") + `"}`), outcome: "unverified", words: noShape},
		{name: "text a number", text: answers(`{"error_code":0,"error_text":1,"hash":"` + hashOf("0", "1") + `"}`), outcome: "unverified", words: noShape},
		{name: "text an array", text: answers(`{"error_code":0,"error_text":[],"hash":"` + hashOf("0", "Array") + `"}`), outcome: "unverified", words: noShape},
		{name: "text escaped", text: answers(`{"error_code":0,"error_text":"\u0417\u0430\u043a\u0430\u0437 \ud83d\ude00 \/ \"","hash":"` + hashOf("0", "Заказ 😀 / \"") + `"}`), outcome: "confirmed"},
		{name: "text escaped, hash over the escapes", text: answers(`{"error_code":0,"error_text":"\u0417","hash":"` + hashOf("0", `\u0417`) + `"}`), outcome: "unverified", words: noHash},
		{name: "text of invalid UTF-8", text: answers("{\"error_code\":0,\"error_text\":\"\xff\",\"hash\":\"" + hashOf("0", "\xff") + `"}`), outcome: "unverified", words: noShape},
		{name: "text with half a pair", text: answers(`{"error_code":0,"error_text":"\ud83d","hash":"` + hashOf("0", "\ufffd") + `"}`), outcome: "unverified", words: noShape},
		{name: "text in Windows-1251", text: answers("{\"error_code\":0,\"error_text\":\"\xc7\xe0\xea\xe0\xe7\",\"hash\":\"" + hashOf("0", "Заказ") + `"}`), outcome: "unverified", words: noShape},
		{name: "text of 60 KiB", text: answers(said("0", strings.Repeat("long ", 12<<10))), outcome: "confirmed"},
		{name: "UTF-16", text: answers(wide(yes)), outcome: "unverified", words: noShape},
		{name: "the hash in capitals", text: answers(strings.Replace(yes, yesHash, strings.ToUpper(yesHash), 1)), outcome: "unverified", words: noShape},
		{name: "the hash of another reply", text: answers(strings.Replace(said("200", "no"), hashOf("200", "no"), yesHash, 1)), outcome: "unverified", words: noHash},
		{name: "the hash of a no under a yes", text: answers(strings.Replace(yes, yesHash, hashOf("200", "ok"), 1)), outcome: "unverified", words: noHash},
		{name: "the hash with blanks", text: answers(strings.Replace(yes, yesHash, " "+yesHash, 1)), outcome: "unverified", words: noShape},
		{name: "half the hash", text: answers(strings.Replace(yes, yesHash, yesHash[:16], 1)), outcome: "unverified", words: noShape},
		{name: "an empty hash", text: answers(strings.Replace(yes, yesHash, "", 1)), outcome: "unverified", words: noShape},
		{name: "hash true", text: answers(strings.Replace(yes, `"`+yesHash+`"`, "true", 1)), outcome: "unverified", words: noShape},
		{name: "hash 0", text: answers(strings.Replace(yes, `"`+yesHash+`"`, "0", 1)), outcome: "unverified", words: noShape},
		{name: "no hash", text: answers(`{"error_code":0,"error_text":"ok"}`), outcome: "unverified", words: noShape},
		{name: "the request's hash", play: reflect, stays: true, outcome: "unverified", words: noShape},

		// Time.
		{name: "silence", outcome: "unknown", words: late, hang: true},
		{name: "half a header, then silence", text: "HTTP/1.1 200 OK\r\nServ", outcome: "unknown", words: late, hang: true},
		{name: "half a body, then silence", text: answers(yes)[:70], outcome: "unknown", words: late, hang: true},
		{name: "a yes without length, left open", text: quiet200 + "\r\n" + yes, outcome: "unknown", words: late, hang: true},
		{name: "a byte at a time", outcome: "unknown", words: late, hang: true, play: func(c net.Conn) { trickle(c, answers(yes)) }},
		{name: "100 at a time", outcome: "unknown", words: late, hang: true, play: func(c net.Conn) { trickle(c, strings.Repeat("HTTP/1.1 100 C\r\n\r\n", 4)) }},
	}
})

// keeps reports whether a reply ends before the connection does.
func (o *oddReply) keeps() bool {
	if o.stays {
		return true
	}
	r := bufio.NewReader(strings.NewReader(o.text))
	reply, err := http.ReadResponse(r, nil)
	if err != nil || reply.StatusCode < 200 || reply.Close || o.play != nil || reply.ContentLength < 0 && reply.TransferEncoding == nil {
		return false
	}
	_, err = io.Copy(io.Discard, reply.Body)
	return err == nil && (o.stray || r.Buffered() == 0)
}

// coded is a reply with one code as it stands, and the hash of another.
func coded(stands, signed, text string) string {
	return fmt.Sprintf(`{"error_code":%s,"error_text":%q,"hash":"%s"}`, stands, text, hashOf(signed, text))
}

func chunks(parts ...string) string {
	text := ""
	for _, p := range parts {
		text += fmt.Sprintf("%x\r\n%s\r\n", len(p), p)
	}
	return text + "0\r\n\r\n"
}

func wide(text string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(text) {
		b = append(b, c, 0)
	}
	return string(b)
}

// trickle writes far more slowly than anybody waits.
func trickle(c net.Conn, text string) {
	for _, b := range []byte(text) {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// reflect answers with what was asked, signed with the request's own hash: the
// query for the code and the login for the text give the same input to MD5.
func reflect(c net.Conn) {
	r := c.(*oddConn)
	query, hash, _ := strings.Cut(r.asked, "&hash=")
	io.WriteString(c, answers(fmt.Sprintf(`{"error_code":%q,"error_text":%q,"hash":%q}`, query, shopAccount, hash)))
}

// resetConn breaks a connection.
func resetConn(c net.Conn) {
	if o, ok := c.(*oddConn); ok {
		o.tcp.SetLinger(0)
		o.tcp.Close()
	}
}

// oddConn is a connection of an oddServer.
type oddConn struct {
	net.Conn
	tcp   *net.TCPConn
	asked string // the request's body
}

// CloseWrite ends what is said on any connection.
func (c *oddConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

// oddServer answers an order's update with the reply that is listed for it.
type oddServer struct {
	listener net.Listener
	secure   *tls.Config
	odd      func(bill string) *oddReply // nil: an ordinary yes
	ended    chan struct{}
	wait     sync.WaitGroup

	mu     sync.Mutex
	conns  []net.Conn
	forms  map[string]int  // how often each came
	reused map[string]bool // not the first on its connection
}

func newOddServer(t *testing.T, secure *tls.Config, odd func(string) *oddReply) *oddServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &oddServer{listener: l, secure: secure, odd: odd, ended: make(chan struct{}), forms: map[string]int{}, reused: map[string]bool{}}
	s.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			s.wait.Go(func() { s.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(s.ended)
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.wait.Wait()
	})
	return s
}

func (s *oddServer) url() string {
	if s.secure != nil {
		return "https://" + s.listener.Addr().String() + "/api/"
	}
	return "http://" + s.listener.Addr().String() + "/api/"
}

func (s *oddServer) serve(tcp *net.TCPConn) {
	defer tcp.Close()
	c := &oddConn{Conn: tcp, tcp: tcp}
	if s.secure != nil {
		c.Conn = tls.Server(tcp, s.secure)
	}
	defer c.Conn.Close()
	br := bufio.NewReader(c)
	for n := 0; ; n++ {
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		c.asked = string(body)
		bill, _, _ := strings.Cut(strings.TrimPrefix(c.asked, "bill_id="), "&")
		s.mu.Lock()
		s.forms[bill]++
		first := s.forms[bill] == 1
		s.reused[bill] = s.reused[bill] || first && n > 0
		s.mu.Unlock()
		odd := s.odd(bill)
		switch {
		case odd == nil || !first:
			io.WriteString(c, answers(yes))
			continue
		case odd.play != nil:
			odd.play(c)
		default:
			io.WriteString(c, odd.text)
		}
		if odd.hang {
			<-s.ended
		}
		if !odd.keeps() {
			return
		}
	}
}

// TestOddReplies gives every reply of the list to one row of a run: its outcome
// is the right one, in report and journal, the rows around it are not touched
// by it, and neither in that run nor in the next is it sent again, unless it was
// surely refused. All on fresh and on used connections, plain and with TLS.
func TestOddReplies(t *testing.T) {
	if len(oddReplies()) < 150 {
		t.Errorf("only %d replies are listed", len(oddReplies()))
	}
	var alone, used atomic.Int64 // odd replies in a run of their own, and of those on used connections
	t.Cleanup(func() {
		if used.Load() < alone.Load()/2 { // a machine that is busy may let some connections rest too long
			t.Errorf("of %d odd replies that end a connection, or more, %d came on used ones", alone.Load(), used.Load())
		}
	})
	for _, secure := range []bool{false, true} {
		for _, fresh := range []bool{false, true} {
			var calm, slow []oddReply
			for _, o := range oddReplies() {
				timeout := "10s"
				if o.hang {
					timeout = "800ms"
				}
				switch {
				case o.waits:
					t.Run(o.name, func(t *testing.T) { oddRun(t, []oddReply{o}, secure, fresh, "10s") })
				case !fresh && (o.stray || o.outcome == "unknown"): // after which no connection is used twice
					t.Run(o.name, func(t *testing.T) {
						alone.Add(1)
						used.Add(int64(oddRun(t, []oddReply{o}, secure, fresh, timeout)))
					})
				case o.hang:
					slow = append(slow, o)
				default:
					calm = append(calm, o)
				}
			}
			t.Run(fmt.Sprintf("tls=%v,fresh=%v", secure, fresh), func(t *testing.T) { oddRun(t, calm, secure, fresh, "10s") })
			if len(slow) > 0 {
				t.Run(fmt.Sprintf("tls=%v,fresh=%v,slow", secure, fresh), func(t *testing.T) { oddRun(t, slow, secure, fresh, "800ms") })
			}
		}
	}
}

// paidFrom1000 is a manifest of so many payments, of the orders from 1000 on.
func paidFrom1000(rows int) string {
	text := "bill_id,status,date\n"
	for n := range rows {
		text += fmt.Sprintf("%d,paid,1362254400\n", 1000+n)
	}
	return text
}

// oddRun is one run over rows of which every second meets an odd reply, and gives
// how many of those came on used connections.
func oddRun(t *testing.T, list []oddReply, secure, fresh bool, timeout string) int {
	t.Helper()
	t.Parallel()
	s := newShop(t, 0)
	var more []string
	var config *tls.Config
	if secure {
		roots := filepath.Join(s.folder, "roots.pem")
		config = ownCertificate(t, roots)
		more = append(more, "--ca-file", roots)
	}
	server := newOddServer(t, config, func(bill string) *oddReply {
		var n int
		switch fmt.Sscan(bill, &n); {
		case n%2 == 1:
			return &list[(n-1001)/2]
		case n == 1000 && fresh:
			return &oddReply{text: answers(yes) + "x", stray: true} // from here on no connection is used twice
		}
		return nil
	})
	s.url = server.url()
	manifest, reported := filepath.Join(s.folder, "m.csv"), filepath.Join(s.folder, "r.jsonl")
	rows := 2*len(list) + 1
	if list[0].waits {
		rows-- // it is the last
	}
	write(t, manifest, paidFrom1000(rows))
	args := s.args("run", append(more, "--timeout", timeout, "--workers", "1", "--attempts", "1",
		"--max-failures", "100%", "--report", reported, manifest)...)
	code, _, said := s.here(nil, args...)
	if code == exitStopped || code == exitUsage {
		t.Fatalf("exit code %d:\n%s", code, said)
	}
	first := readLines(t, reported)
	if len(first) != rows {
		t.Fatalf("%d lines are reported", len(first))
	}
	kept := map[uint64]batch.Record{}
	for _, r := range s.records() {
		kept[uint64(r.Update.Bill)] = r
	}
	s.here(nil, args...)
	used := 0
	for i, again := range readLines(t, reported) {
		r, bill := first[i], 1000+i
		came := server.forms[fmt.Sprint(bill)]
		if i%2 == 0 {
			if r.Outcome != "confirmed" || came != 1 {
				t.Errorf("row %d, an ordinary one: %+v, came %d times", i, r, came)
			}
			continue
		}
		odd := &list[i/2]
		if server.reused[fmt.Sprint(bill)] {
			used++
		}
		odd.hold(t, r, again, came)
		if k := kept[uint64(bill)]; k.Outcome.Class.String() != r.Outcome || k.Outcome.Code != r.Code || k.Outcome.Attempts != 1 {
			t.Errorf("%s: the journal has %+v, the report %+v", odd.name, k.Outcome, r)
		}
	}
	// A machine that is busy may let a connection rest too long.
	if fresh && used > 0 || !fresh && len(list) > 1 && used < len(list)/2 {
		t.Errorf("%d of %d odd replies came on used connections", used, len(list))
	}
	return used
}

// hold holds what became of a row in the first run and in the second against
// what should.
func (o *oddReply) hold(t *testing.T, r, again reportedRow, came int) {
	t.Helper()
	if r.Outcome != o.outcome || !strings.Contains(r.Message, o.words) {
		t.Errorf("%s: %s, %q; want %s, %q", o.name, r.Outcome, r.Message, o.outcome, o.words)
	}
	times, then := 1, r.Outcome
	if r.Outcome == "unsent" { // it was the right thing to try again, and then all was well
		times, then = 2, "confirmed"
	}
	if came != times || again.Attempts != times || again.Outcome != then {
		t.Errorf("%s: %s, then %s; came %d times, %d by the report, and it should have been %d", o.name, r.Outcome, again.Outcome, came, again.Attempts, times)
	}
	success := map[bool]string{true: "success", false: "failure"}[r.Outcome == "confirmed"]
	if r.Result != success {
		t.Errorf("%s: %s is called a %s", o.name, r.Outcome, r.Result)
	}
}

// TestClosedUnsaid: a server that closes its connections after a whole reply
// without saying so costs no row its outcome; on a machine that is so busy that
// the end comes late, one row for each worker at most.
func TestClosedUnsaid(t *testing.T) {
	t.Parallel()
	const rows, workers = 300, 4
	for _, after := range []time.Duration{0, time.Millisecond} {
		for _, reset := range []bool{false, true} {
			s := newShop(t, 0)
			closes := &oddReply{play: func(c net.Conn) {
				io.WriteString(c, answers(yes))
				time.Sleep(after)
				if reset {
					resetConn(c)
				}
			}}
			server := newOddServer(t, nil, func(string) *oddReply { return closes })
			s.url = server.url()
			manifest, reported := filepath.Join(s.folder, "m.csv"), filepath.Join(s.folder, "r.jsonl")
			write(t, manifest, paidFrom1000(rows))
			s.here(nil, s.args("run", "--workers", fmt.Sprint(workers), "--report", reported, manifest)...)
			counts := map[string]int{}
			for _, r := range readLines(t, reported) {
				counts[r.Outcome]++
			}
			if counts["confirmed"] < rows-workers || counts["confirmed"]+counts["unknown"] != rows {
				t.Errorf("closed after %v, reset %v: %v", after, reset, counts)
			}
		}
	}
}

// TestSecondReply: a server that answers one request twice, later in a run in
// which connections are used again, is told of in the end. If this machine is so
// busy that both replies are read at once, nothing is shifted; then it is tried
// again.
func TestSecondReply(t *testing.T) {
	t.Parallel()
	var said string
	for range 5 {
		var code int
		if code, said = secondReply(t); code == exitStopped && strings.Contains(said, "the server sent a reply that nobody had asked for") {
			return
		}
	}
	t.Errorf("nothing is told:\n%s", said)
}

func secondReply(t *testing.T) (code int, said string) {
	s := newShop(t, 0)
	twice := &oddReply{stays: true, play: func(c net.Conn) {
		io.WriteString(c, answers(yes))
		time.Sleep(5 * time.Millisecond)
		io.WriteString(c, answers(yes))
	}}
	slow := &oddReply{stays: true, play: func(c net.Conn) { // the second reply is read before its own
		time.Sleep(10 * time.Millisecond)
		io.WriteString(c, answers(yes))
	}}
	server := newOddServer(t, nil, func(bill string) *oddReply {
		if bill == "1010" {
			return twice
		}
		return slow
	})
	s.url = server.url()
	manifest := filepath.Join(s.folder, "m.csv")
	write(t, manifest, paidFrom1000(30))
	code, _, said = s.here(nil, s.args("run", "--workers", "1", manifest)...)
	return code, said
}

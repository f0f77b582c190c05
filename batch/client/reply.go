package client

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"time"

	"billmark/batch"
)

const (
	headerLimit = 32 << 10 // over all headers of a reply, 1xx included
	bodyLimit   = 64 << 10
	// framingLimit is what the chunks of a body may take in addition to it.
	framingLimit     = 64 << 10
	maxInformational = 5 // 1xx replies before the final one, and it
	firstRead        = 4 << 10
)

// ending is how a connection stands after a reply.
type ending uint8

const (
	endClean  ending = iota // an ordinary reply, and not a byte more
	endOdd                  // not to be used again
	endStray                // more came than the reply
	endClosed               // an ordinary reply that did not say that it was the last
)

// replyReader reads replies, one after another.
type replyReader struct {
	first [firstRead]byte
	body  []byte
	br    *bufio.Reader
	// plain has every reply read by the standard library; for tests.
	plain bool
}

// read reads one whole reply. An ordinary reply is understood in place;
// anything else, and anything that merely might be something else, goes to the
// standard library's parser and costs the connection.
func (r *replyReader) read(conn io.Reader) (batch.Answer, ending, error) {
	n := 0
	var err error
	for err == nil && n < len(r.first) {
		var more int
		more, err = conn.Read(r.first[n:])
		n += more
		body, is := ordinary(r.first[:n])
		if is == whole && !r.plain {
			if err != nil {
				return batch.Answer{Status: http.StatusOK, Body: body}, endClosed, nil
			}
			return batch.Answer{Status: http.StatusOK, Body: body}, endClean, nil
		}
		if is != partial {
			break
		}
	}
	return r.readAny(&source{conn: conn, head: r.first[:n], next: err, left: headerLimit})
}

// readAny reads any reply.
func (r *replyReader) readAny(from *source) (batch.Answer, ending, error) {
	if r.br == nil {
		r.br = bufio.NewReader(from)
	}
	r.br.Reset(from)
	reply, err := r.final(from)
	if err != nil {
		return batch.Answer{}, endOdd, err
	}
	answer := batch.Answer{
		Status:     reply.StatusCode,
		Encoding:   encoding(reply.Header),
		RetryAfter: retryAfter(reply.Header.Get("Retry-After"), time.Now()),
	}
	if reply.StatusCode == http.StatusSwitchingProtocols {
		return answer, endOdd, nil
	}
	from.left += bodyLimit + framingLimit
	answer.Body, answer.TooLong, err = r.readBody(reply.Body, from)
	switch {
	case err != nil:
		return batch.Answer{}, endOdd, err
	case !answer.TooLong && (r.br.Buffered() > 0 || len(from.head) > 0):
		return answer, endStray, nil
	default:
		return answer, endOdd, nil
	}
}

// encoding is how a body is said to be compressed. Other words in its place, such
// as none or utf-8, are mistakes of PHP programs that mean nothing.
func encoding(h http.Header) string {
	named := strings.ToLower(strings.Join(h.Values("Content-Encoding"), ", "))
	for word := range strings.SplitSeq(named, ",") {
		switch strings.TrimSpace(word) {
		case "gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd":
			return named
		}
	}
	return ""
}

// final reads headers until those of a final reply have come.
func (r *replyReader) final(from *source) (*http.Response, error) {
	for range maxInformational {
		reply, err := http.ReadResponse(r.br, nil)
		switch {
		case err != nil:
			return nil, from.explain()
		case reply.ProtoMajor != 1 || reply.StatusCode < 100:
			return nil, failed(batch.ReasonGarbled, reading, errGarbled)
		case reply.StatusCode >= 200, reply.StatusCode == http.StatusSwitchingProtocols:
			return reply, nil
		}
	}
	return nil, failed(batch.ReasonGarbled, reading, errGarbled)
}

// readBody reads a body as it comes: what is encoded stays encoded, and is for
// others to find wanting.
func (r *replyReader) readBody(body io.Reader, from *source) ([]byte, bool, error) {
	if r.body == nil {
		r.body = make([]byte, firstRead)
	}
	n := 0
	for {
		more, err := body.Read(r.body[n:])
		n += more
		switch {
		case n > bodyLimit:
			return r.body[:bodyLimit], true, nil
		case err == io.EOF:
			return r.body[:n], false, nil
		case err != nil && from.over:
			return r.body[:n], true, nil
		case err != nil:
			return nil, false, from.explain()
		case n == len(r.body):
			r.body = append(r.body, make([]byte, min(len(r.body), bodyLimit+1-n))...)
		}
	}
}

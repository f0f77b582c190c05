package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"billmark/batch"
)

func TestOrdinary(t *testing.T) {
	for _, test := range []struct {
		name, reply string
		want        shape
	}{
		{"ordinary", ordinaryReply(good), whole},
		{"no phrase", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", whole},
		{"any case", "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:\t 4 \r\nCONNECTION:Keep-Alive\r\n\r\nbody", whole},
		{"nothing", "", partial},
		{"first bytes", "HTTP/1", partial},
		{"status alone", "HTTP/1.1 200", partial},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n", partial},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo", partial},
		{"a byte more", ordinaryReply(good) + "\n", unusual},
		{"another status", "HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n", unusual},
		{"a longer status", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", unusual},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", unusual},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", unusual},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", unusual},
		{"no digits", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", unusual},
		{"a sign", "HTTP/1.1 200 OK\r\nContent-Length: +0\r\n\r\n", unusual},
		{"too many digits", "HTTP/1.1 200 OK\r\nContent-Length: 000000\r\n\r\n", unusual},
		{"chunked", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", unusual},
		{"encoded", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n", unusual},
		{"closing", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", unusual},
		{"upgrade", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n", unusual},
		{"trailer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTrailer: X\r\n\r\n", unusual},
		{"retry", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n", unusual},
		{"folded", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n", unusual},
		{"blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", unusual},
		{"no colon", "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n", unusual},
		{"no name", "HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 0\r\n\r\n", unusual},
		{"line feed alone", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", unusual},
		{"carriage return in a line", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", unusual},
		{"not ASCII", "HTTP/1.1 200 OK\r\nX: \xff\r\nContent-Length: 0\r\n\r\n", unusual},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, got := ordinary([]byte(test.reply))
			if got != test.want {
				t.Fatalf("got %d, want %d", got, test.want)
			}
			if _, after, _ := strings.Cut(test.reply, "\r\n\r\n"); got == whole && string(body) != after {
				t.Errorf("got body %q, want %q", body, after)
			}
		})
	}
}

// pieces gives a stream in pieces of at most size bytes, then its end.
type pieces struct {
	rest string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

// FuzzReply holds the two ways to read a reply against each other: whatever
// comes and however it is cut up, they find the same.
func FuzzReply(f *testing.F) {
	f.Add(ordinaryReply(good), 7)
	f.Add(ordinaryReply(good)+"x", 1)
	f.Add("HTTP/1.1 100 Continue\r\n\r\n"+ordinaryReply(good), 1000)
	f.Add(chunked+chunk(good)+"0\r\nX: y\r\n\r\n", 3)
	f.Add("HTTP/1.1 429 X\r\nRetry-After: 9\r\nContent-Length: 1\r\n\r\nx", 30)
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody", 50)
	for _, s := range []string{"Connection: close", "connection: Keep-Alive", "TE: x", "A:b\n", " c", "Transfer-Encoding: chunked", "Trailer: X", "X: \x80"} {
		f.Add("HTTP/1.1 200 OK\r\n"+s+"\r\nContent-Length: 4\r\n\r\nbody", 4096)
	}
	f.Fuzz(func(t *testing.T, stream string, size int) {
		size = 1 + max(size, -size, 0)%8192
		var quick, plain replyReader
		plain.plain = true
		a, end, err := quick.read(&pieces{stream, size})
		b, _, err2 := plain.read(&pieces{stream, size})
		if reasonOf(err) != reasonOf(err2) || !sameAnswer(a, b) {
			t.Errorf("%q: got %v, %v; the library's parser gives %v, %v", stream, a, err, b, err2)
		}
		if len(a.Body) > bodyLimit {
			t.Errorf("the body has %d bytes", len(a.Body))
		}
		if end == endClean {
			checkClean(t, stream, size, a)
		}
	})
}

// checkClean demands that a reply after which the connection is kept is all
// that came when it was whole, and that the library would keep it too.
func checkClean(t *testing.T, stream string, size int, a batch.Answer) {
	t.Helper()
	br := bufio.NewReader(strings.NewReader(stream))
	reply, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatalf("%q: %v", stream, err)
	}
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.Close || reply.Proto != "HTTP/1.1" || reply.ContentLength != int64(len(a.Body)) || !bytes.Equal(body, a.Body) {
		t.Errorf("%q: got %v, the library's parser %v", stream, a, reply)
	}
	rest, _ := io.ReadAll(br)
	if end := len(stream) - len(rest); len(rest) > 0 && end%size != 0 {
		t.Errorf("%q: in pieces of %d, more came with the reply", stream, size)
	}
}

func sameAnswer(a, b batch.Answer) bool {
	// The two were read one after the other, so a date is not equally far away.
	apart := (a.RetryAfter - b.RetryAfter).Abs()
	return a.Status == b.Status && a.TooLong == b.TooLong && apart < 10*time.Second && bytes.Equal(a.Body, b.Body)
}

func reasonOf(err error) batch.Reason {
	var pe *batch.PostError
	if errors.As(err, &pe) {
		return pe.Reason
	}
	return batch.ReasonNone
}

package sandbox

import (
	"fmt"
	"net"
	"net/http"
)

func page(status int) func(*Sandbox, http.ResponseWriter, *http.Request, *reply) {
	return func(_ *Sandbox, w http.ResponseWriter, _ *http.Request, _ *reply) { servePage(w, status) }
}

func tooMany(_ *Sandbox, w http.ResponseWriter, _ *http.Request, _ *reply) {
	w.Header().Set("Retry-After", "1")
	servePage(w, http.StatusTooManyRequests)
}

func slow(s *Sandbox, w http.ResponseWriter, r *http.Request, out *reply) {
	s.sleep(s.cfg.Slow, r.Context().Done())
	out.send(w, out.body)
}

func drop(_ *Sandbox, w http.ResponseWriter, _ *http.Request, _ *reply) { takeOver(w).Close() }

func reset(_ *Sandbox, w http.ResponseWriter, _ *http.Request, _ *reply) { abort(takeOver(w)) }

func cut(_ *Sandbox, w http.ResponseWriter, _ *http.Request, out *reply) {
	conn := takeOver(w)
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		jsonType[0], len(out.body), out.body[:len(out.body)/2])
	conn.Close()
}

// takeOver takes the connection from the server.
func takeOver(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // which ends the connection, too
	}
	return conn
}

// abort closes a connection in such a way that the other side is told it broke.
func abort(conn net.Conn) {
	for below := conn; ; {
		if tcp, ok := below.(*net.TCPConn); ok {
			tcp.SetLinger(0)
			tcp.Close()
			return
		}
		layer, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			conn.Close()
			return
		}
		below = layer.NetConn()
	}
}

package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

var errProxy = errors.New("the proxy's answer is not HTTP")

// askProxy has the proxy connect raw to the API. Nothing but the API's address
// is said to it. The caller closes raw if that fails.
func (c *Client) askProxy(ctx context.Context, raw net.Conn) error {
	// The context ends reads and writes through the deadline, which must be
	// lifted again, unless it was the context that set it.
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	err := c.tunnel(raw)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("asking the proxy %s: %w", c.proxy, err)
	}
	return nil
}

func (c *Client) tunnel(raw net.Conn) error {
	if _, err := io.WriteString(raw, c.connect); err != nil {
		return err
	}
	from := &source{conn: raw, left: headerLimit}
	br := bufio.NewReader(from)
	for range maxInformational {
		reply, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
		switch {
		case err != nil && from.err != nil:
			return from.err
		case err != nil:
			return errProxy
		case reply.StatusCode < 200:
			continue
		case reply.StatusCode > 299:
			return fmt.Errorf("it answered with status %d", reply.StatusCode)
		case br.Buffered() > 0:
			return errProxy // the API speaks only when spoken to
		}
		return nil
	}
	return errProxy
}

package client

// peeked is what was found waiting on a socket.
type peeked uint8

const (
	peekNothing peeked = iota
	peekBytes
	peekEnd     // the stream has ended or is broken
	peekUnknown // it cannot be told on this system or connection
)

// peekFunc looks at what waits on a socket, without waiting and without taking
// it. It is used by one goroutine at a time, with a deadline set that has not
// passed.
type peekFunc func() peeked

func peekNowhere() peeked { return peekUnknown }

package client

// Loopback reports whether a host surely is this machine: 127.0.0.0/8, ::1 or
// localhost.
func Loopback(host string) bool { return loopback(host) }

package client

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is where requests go, checked and ready for use.
type endpoint struct {
	secure   bool
	hostname string // without port and brackets: what a certificate must name
	address  string // host and port to connect to
	proxy    string // host and port of the proxy, or empty
	local    bool   // the connection must end on this machine
	start    string // the request up to the name of the function
	headers  string // the request from there to the number of the length
	connect  string // what the proxy is asked, or empty
}

func newEndpoint(cfg Config) (endpoint, error) {
	agent := cmp.Or(cfg.UserAgent, "billmark")
	switch {
	case cfg.URL == nil:
		return endpoint{}, errors.New("checking the API address: there is none")
	case cfg.Timeout < 0:
		return endpoint{}, fmt.Errorf("checking the timeout: %v is negative", cfg.Timeout)
	case len(cfg.Pin) != 0 && len(cfg.Pin) != pinSize:
		return endpoint{}, fmt.Errorf("checking the pin: it has %d bytes, a SHA-256 has %d", len(cfg.Pin), pinSize)
	case !printable(agent):
		return endpoint{}, errors.New("checking the user agent: only printable ASCII can be sent")
	}
	e, err := target(cfg.URL, agent)
	if err != nil {
		return endpoint{}, fmt.Errorf("checking the API address: %w", err)
	}
	if cfg.Proxy != nil {
		if err := e.through(cfg.Proxy, agent); err != nil {
			return endpoint{}, fmt.Errorf("checking the proxy address: %w", err)
		}
	}
	return e, nil
}

// target reads the API's address.
func target(u *url.URL, agent string) (endpoint, error) {
	e := endpoint{secure: u.Scheme == "https", hostname: u.Hostname()}
	address, err := hostPort(u, map[string]string{"https": "443", "http": "80"})
	switch {
	case err != nil:
		return e, err
	case u.User != nil:
		return e, errors.New("it holds a user name or password; the API takes none")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawFragment != "":
		return e, errors.New("it holds a query or a fragment")
	case !strings.HasSuffix(u.EscapedPath(), "/"):
		return e, errors.New("it does not end in a slash")
	case !e.secure && !loopback(e.hostname):
		return e, errors.New("http is only for a server on this machine; use https")
	}
	e.address, e.local = address, !e.secure
	e.start = "POST " + u.EscapedPath()
	e.headers = " HTTP/1.1\r\nHost: " + strings.TrimSuffix(u.Host, ":") +
		"\r\nUser-Agent: " + agent +
		"\r\nAccept: application/json\r\nAccept-Encoding: identity" +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	return e, nil
}

// through puts a proxy before the API.
func (e *endpoint) through(u *url.URL, agent string) error {
	address, err := hostPort(u, map[string]string{"http": "80"})
	switch {
	case err != nil:
		return err
	case u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return errors.New("it must be a host and a port only")
	case !e.secure && !loopback(u.Hostname()):
		// The proxy would get the form, hash and all, in clear text.
		return errors.New("an http API cannot be reached through a proxy on another machine")
	}
	e.proxy = address
	e.connect = "CONNECT " + e.address + " HTTP/1.1\r\nHost: " + e.address + "\r\nUser-Agent: " + agent + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		login := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		e.connect += "Proxy-Authorization: Basic " + login + "\r\n"
	}
	e.connect += "\r\n"
	return nil
}

// hostPort gives the address to connect to; ports holds the schemes that are
// allowed and their usual ports.
func hostPort(u *url.URL, ports map[string]string) (string, error) {
	usual, ok := ports[u.Scheme]
	host := u.Hostname()
	switch {
	case !ok:
		return "", fmt.Errorf("its scheme is %q", u.Scheme)
	case u.Opaque != "" || host == "":
		return "", errors.New("it names no host")
	case !printable(u.Host) || strings.ContainsAny(u.Host, " %/\\\"<>"):
		return "", fmt.Errorf("the host %q is not plain ASCII; write it as it is looked up (xn--...)", u.Host)
	}
	port := cmp.Or(u.Port(), usual)
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q is no port", port)
	}
	return net.JoinHostPort(host, port), nil
}

// loopback reports whether a host surely is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// printable reports whether text can stand in a header line.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

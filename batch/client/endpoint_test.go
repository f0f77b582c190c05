package client

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAddresses(t *testing.T) {
	for _, test := range []struct{ api, proxy, address, host string }{
		{api: "https://shop.example/api/", address: "shop.example:443", host: "shop.example"},
		{api: "https://shop.example:8443/api/", address: "shop.example:8443", host: "shop.example:8443"},
		{api: "https://shop.example:/api/", address: "shop.example:443", host: "shop.example"},
		{api: "https://[::1]:8443/", address: "[::1]:8443", host: "[::1]:8443"},
		{api: "http://127.0.0.1:8787/api/", address: "127.0.0.1:8787", host: "127.0.0.1:8787"},
		{api: "http://127.9.9.9/api/", address: "127.9.9.9:80", host: "127.9.9.9"},
		{api: "http://[::1]/api/", address: "[::1]:80", host: "[::1]"},
		{api: "http://LocalHost:1/", address: "LocalHost:1", host: "LocalHost:1"},
		{api: "https://shop.example/api/", proxy: "http://proxy.example:3128", address: "shop.example:443", host: "shop.example"},
		{api: "https://shop.example/api/", proxy: "http://u:p@proxy.example/", address: "shop.example:443", host: "shop.example"},
		{api: "http://127.0.0.1:1/", proxy: "http://localhost:3128", address: "127.0.0.1:1", host: "127.0.0.1:1"},
	} {
		c, err := New(config(t, test.api, test.proxy))
		if err != nil {
			t.Errorf("%s by %q: %v", test.api, test.proxy, err)
			continue
		}
		if c.address != test.address || !strings.Contains(c.headers, "\r\nHost: "+test.host+"\r\n") {
			t.Errorf("%s: got %s, %q; want %s, %s", test.api, c.address, c.headers, test.address, test.host)
		}
		if (c.tls != nil) != strings.HasPrefix(test.api, "https") {
			t.Errorf("%s: TLS %v", test.api, c.tls != nil)
		}
	}
}

func TestAddressesRefused(t *testing.T) {
	for _, test := range []struct{ api, proxy string }{
		{api: "http://shop.example/api/"},
		{api: "http://10.0.0.1/api/"},
		{api: "http://127.0.0.1.example/api/"},
		{api: "http://0.0.0.0/api/"},
		{api: "http://localhost.example/api/"},
		{api: "http://[::2]/"},
		{api: "https://user@shop.example/api/"},
		{api: "https://user:word@shop.example/api/"},
		{api: "https://shop.example/api/?x"},
		{api: "https://shop.example/api/?"},
		{api: "https://shop.example/api/#x"},
		{api: "https://shop.example/api"},
		{api: "https://shop.example"},
		{api: "https:///api/"},
		{api: "https:shop.example/"},
		{api: "ftp://shop.example/api/"},
		{api: "/api/"},
		{api: "https://shöp.example/api/"},
		{api: "https://shop.example:0/"},
		{api: "https://shop.example:99999/"},
		{api: "https://[fe80::1%25eth0]/"},
		{api: "https://shop.example/", proxy: "https://proxy.example/"},
		{api: "https://shop.example/", proxy: "socks5://proxy.example"},
		{api: "https://shop.example/", proxy: "http://proxy.example/path"},
		{api: "https://shop.example/", proxy: "http://proxy.example/?x"},
		{api: "https://shop.example/", proxy: "http://:3128"},
		{api: "http://127.0.0.1/", proxy: "http://proxy.example"},
	} {
		_, err := New(config(t, test.api, test.proxy))
		if err == nil {
			t.Errorf("%s by %q: accepted", test.api, test.proxy)
		} else if strings.Contains(err.Error(), "word") && strings.Contains(err.Error(), "user:") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

func config(t *testing.T, api, proxy string) Config {
	t.Helper()
	cfg := Config{URL: must(url.Parse(api))}
	if proxy != "" {
		cfg.Proxy = must(url.Parse(proxy))
	}
	return cfg
}

func TestConfigRefused(t *testing.T) {
	good := must(url.Parse("https://shop.example/"))
	for name, cfg := range map[string]Config{
		"no address":       {},
		"negative timeout": {URL: good, Timeout: -1},
		"short pin":        {URL: good, Pin: make([]byte, 20)},
		"user agent":       {URL: good, UserAgent: "x\r\nY: z"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if c := must(New(Config{URL: good})); c.timeout != DefaultTimeout {
		t.Errorf("the timeout is %v", c.timeout)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 500, time.UTC)
	date := func(d time.Duration) string { return now.Truncate(time.Second).Add(d).Format(http.TimeFormat) }
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "007": 7 * time.Second, "120": 2 * time.Minute,
		"300": maxRetryAfter, "301": maxRetryAfter, "99999999999999999999999": maxRetryAfter,
		"-5": 0, "1.5": 0, "soon": 0, "5s": 0, "+5": 0, "1 2": 0,
		date(time.Minute):                time.Minute - 500,
		date(time.Hour):                  maxRetryAfter,
		date(0):                          0,
		date(-time.Hour):                 0,
		"Monday, 23-Nov-26 12:01:00 GMT": time.Minute - 500,
		"Mon Nov 23 12:01:00 2026":       time.Minute - 500,
		"Mon, 23 Nov 2026":               0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

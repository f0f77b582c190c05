package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// wrongHosts are names under which an attacker could make a browser come here.
var wrongHosts = []string{
	"", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:41235", "127.0.0.1:041234", "127.0.0.1:41234.", "127.0.0.1.:41234",
	"127.0.0.1:41234:41234", "127.0.0.2:41234", "127.1:41234", "2130706433:41234", "0x7f000001:41234", "0177.0.0.1:41234",
	"0.0.0.0:41234", "[::1]:41234", "[::ffff:127.0.0.1]:41234", "localhost", "localhost:80", "localhost.:41234",
	"LOCALHOST:41234", "localhost.evil.example:41234", "evil.example", "evil.example:41234", "127.0.0.1.evil.example:41234",
	"127.0.0.1:41234.evil.example", "evil.example#127.0.0.1:41234", "127.0.0.1:41234@evil.example", "user@127.0.0.1:41234",
	" 127.0.0.1:41234", "127.0.0.1:41234 ", "127.0.0.1:41234\t", "127.0.0.1:41234,evil.example", "shop7.influencersoft.com",
	"127。0。0。1:41234", "localhost\x00:41234",
}

// effects are all requests that change something.
var effects = map[string]url.Values{
	"/upload":       nil,
	"/account":      {"login": {"a"}, "key": {"k"}},
	"/lang":         {"lang": {"ru"}},
	"/settle":       {"way": {"confirm"}, "reason": {"r"}, "update": {"1 sent 2 0 3"}},
	"/f/u1/choices": {"delimiter": {"tab"}},
	"/f/u1/start":   {"count": {"5"}},
	"/f/u1/remove":  {},
	"/run/stop":     {"upload": {"u1"}},
	"/run/pause":    {"upload": {"u1"}},
}

var pages = []string{"/", "/f/u1", "/f/u1/get/csv", "/settle", "/history", "/events", "/style.css", "/script.js", "/nowhere"}

func TestWrongHost(t *testing.T) {
	if len(wrongHosts) < 25 {
		t.Fatal("too few names are tried")
	}
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for _, host := range wrongHosts {
		as := func(r *http.Request) {
			r.Host = host
			r.AddCookie(cookie)
			if r.Method == "POST" {
				r.Header.Set("Origin", "http://"+host)
			}
		}
		for _, path := range pages {
			w := h.ask("GET", path, nil, as)
			if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "shop7") {
				t.Errorf("GET %s as %q: %d", path, host, w.Code)
			}
		}
		for path, form := range effects {
			if w := h.ask("POST", path, form, as); w.Code != http.StatusMisdirectedRequest {
				t.Errorf("POST %s as %q: %d", path, host, w.Code)
			}
		}
		token := strings.TrimPrefix(h.invited[1], "http://"+testAddress)
		if w := h.ask("GET", token, nil, as); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("a token as %q: %d", host, w.Code)
		}
	}
	if len(h.effects) > 0 {
		t.Errorf("there were effects: %q", h.effects)
	}
	if len(h.invited) != 2 {
		t.Error("a token was used up")
	}
}

func TestOtherMachine(t *testing.T) {
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for _, address := range []string{"192.168.1.5:5000", "10.0.0.1:1", "[2001:db8::1]:9", "", "nonsense"} {
		w := h.ask("GET", "/", nil, func(r *http.Request) { r.RemoteAddr = address; r.AddCookie(cookie) })
		if w.Code != http.StatusMisdirectedRequest {
			t.Errorf("%q: %d", address, w.Code)
		}
	}
}

// TestAnotherSite posts what other sites can make a browser post, with the
// cookie, as if SameSite did not exist.
func TestAnotherSite(t *testing.T) {
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for name, edit := range map[string]func(http.Header){
		"no origin":          func(h http.Header) { h.Del("Origin") },
		"null":               func(h http.Header) { h.Set("Origin", "null") },
		"another site":       func(h http.Header) { h.Set("Origin", "https://evil.example") },
		"another port":       func(h http.Header) { h.Set("Origin", "http://127.0.0.1:41235") },
		"no port":            func(h http.Header) { h.Set("Origin", "http://127.0.0.1") },
		"https":              func(h http.Header) { h.Set("Origin", "https://"+testAddress) },
		"our other name":     func(h http.Header) { h.Set("Origin", "http://localhost:41234") },
		"with a path":        func(h http.Header) { h.Set("Origin", "http://"+testAddress+"/") },
		"suffix":             func(h http.Header) { h.Set("Origin", "http://"+testAddress+".evil.example") },
		"an extension":       func(h http.Header) { h.Set("Origin", "chrome-extension://abcdef") },
		"a file":             func(h http.Header) { h.Set("Origin", "file://") },
		"fetched cross-site": func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
		"fetched same-site":  func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
		"fetched, no origin": func(h http.Header) { h.Del("Origin"); h.Set("Sec-Fetch-Site", "cross-site") },
	} {
		for path, form := range effects {
			w := h.ask("POST", path, form, func(r *http.Request) { r.AddCookie(cookie); edit(r.Header) })
			if w.Code != http.StatusForbidden {
				t.Errorf("%s: POST %s: %d", name, path, w.Code)
			}
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		for _, path := range pages {
			w := h.ask("GET", path, nil, func(r *http.Request) { r.AddCookie(cookie); r.Header.Set("Sec-Fetch-Site", site) })
			if w.Code != http.StatusForbidden {
				t.Errorf("GET %s %s: %d", path, site, w.Code)
			}
		}
	}
	if len(h.effects) > 0 {
		t.Errorf("there were effects: %q", h.effects)
	}
}

func TestTokens(t *testing.T) {
	h := newHouse(t)
	first := h.invited[0]
	cookie := h.enterBrowser(t)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is %v", cookie)
	}
	good := h.invited[1]
	if good == first {
		t.Fatal("the next start address is the same")
	}
	query := func(address string) string { return strings.TrimPrefix(address, "http://"+testAddress) }
	for name, path := range map[string]string{
		"none": "/start", "empty": "/start?token=", "used": query(first), "wrong": "/start?token=AAAAAAAAAAAAAAAAAAAAAAAAAA",
		"cut": query(good)[:len(query(good))-1], "longer": query(good) + "A", "lower case": strings.ToLower(query(good)),
		"another key": strings.Replace(query(good), "token=", "t=", 1),
	} {
		if w := h.ask("GET", path, nil, nil); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Result().Cookies())
		}
	}
	for name, edit := range map[string]func(*http.Request){
		"prefetch": func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		"preview":  func(r *http.Request) { r.Header.Set("Purpose", "prefetch") },
		"head":     func(r *http.Request) { r.Method = http.MethodHead },
		"as image": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Dest", "image")
		},
	} {
		if w := h.ask("GET", query(good), nil, edit); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := h.ask("GET", query(good), nil, nil); w.Code != http.StatusOK {
		t.Errorf("the good one was used up: %d", w.Code)
	}
}

func TestNoSession(t *testing.T) {
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for name, edit := range map[string]func(*http.Request){
		"none":          func(*http.Request) {},
		"empty":         func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"=") },
		"wrong":         func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"=AAAA") },
		"another name":  func(r *http.Request) { r.Header.Set("Cookie", "billmark="+cookie.Value) },
		"another port":  func(r *http.Request) { r.Header.Set("Cookie", "billmark_41235="+cookie.Value) },
		"the token":     func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"="+h.invited[1]) },
		"two":           func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"=x; "+cookie.Name+"="+cookie.Value) },
		"authorization": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+cookie.Value) },
	} {
		for _, path := range pages {
			if w := h.ask("GET", path, nil, edit); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "shop7") {
				t.Errorf("%s: GET %s: %d", name, path, w.Code)
			}
		}
		for path, form := range effects {
			if w := h.ask("POST", path, form, edit); w.Code != http.StatusForbidden {
				t.Errorf("%s: POST %s: %d", name, path, w.Code)
			}
		}
	}
	if len(h.effects) > 0 {
		t.Errorf("there were effects: %q", h.effects)
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		first := h.enterBrowser(t)
		known := func(c *http.Cookie) bool {
			return h.ask("GET", "/history", nil, func(r *http.Request) { r.AddCookie(c) }).Code == http.StatusOK
		}
		time.Sleep(time.Hour)
		var last *http.Cookie
		for range mostSessions {
			last = h.enterBrowser(t)
			time.Sleep(time.Second)
		}
		if known(first) || !known(last) {
			t.Error("not the oldest session was dropped")
		}
		time.Sleep(sessionLife)
		if known(last) {
			t.Error("a session is good for ever")
		}
	})
}

// TestMethods asks for all that has effects in other ways than by POST.
func TestMethods(t *testing.T) {
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"} {
		for path := range effects {
			w := h.ask(method, path+"?count=5&upload=u1", nil, func(r *http.Request) {
				r.AddCookie(cookie)
				r.Header.Set("Origin", "http://"+testAddress)
				r.Header.Set("X-HTTP-Method-Override", "POST")
			})
			if path != "/settle" && w.Code < 400 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if len(h.effects) > 0 {
		t.Errorf("there were effects: %q", h.effects)
	}
}

func TestHeaders(t *testing.T) {
	h := newHouse(t)
	cookie := h.enterBrowser(t)
	for _, path := range append(pages[:len(pages):len(pages)], "/start") {
		if path == "/events" {
			continue
		}
		for _, edit := range []func(*http.Request){nil, func(r *http.Request) { r.AddCookie(cookie) }} {
			w := h.ask("GET", path, nil, edit)
			for name, want := range map[string]string{
				"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: others may read it", path)
			}
		}
	}
	for _, part := range []string{"unsafe", "http:", "https:", "data:", "*"} {
		if strings.Contains(policy, part) {
			t.Errorf("the policy allows %s", part)
		}
	}
}

package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// policy lets the page load what it brings along, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// sessionLife is how long a browser is remembered, and mostSessions how many.
const (
	sessionLife  = 30 * 24 * time.Hour
	mostSessions = 20
)

// guard stands before all pages: it decides who comes in.
type guard struct {
	hosts  []string // the only Host values that are answered
	cookie string   // its name holds the port, for cookies do not tell ports apart
	cross  *http.CrossOriginProtection

	mu       sync.Mutex
	token    [32]byte               // digest of the one token that is good now
	sessions map[[32]byte]time.Time // digests, and until when they are good
}

func newGuard(address string) *guard {
	_, port, _ := net.SplitHostPort(address)
	g := &guard{
		hosts: []string{address, net.JoinHostPort("localhost", port)}, cookie: "billmark_" + port,
		cross: http.NewCrossOriginProtection(), sessions: map[[32]byte]time.Time{},
	}
	return g
}

// newToken makes a token; the one before it is no good any more.
func (g *guard) newToken() string {
	token := rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.token = sha256.Sum256([]byte(token))
	return token
}

// exchange takes a token, once, for a session.
func (g *guard) exchange(token string) (session string, ok bool) {
	digest := sha256.Sum256([]byte(token))
	g.mu.Lock()
	defer g.mu.Unlock()
	if subtle.ConstantTimeCompare(digest[:], g.token[:]) != 1 {
		return "", false
	}
	g.token = [32]byte{}
	session = rand.Text() + rand.Text()
	g.forget()
	g.sessions[sha256.Sum256([]byte(session))] = time.Now().Add(sessionLife)
	return session, true
}

// forget drops sessions that are over, and the oldest if there are too many.
func (g *guard) forget() {
	var oldest [32]byte
	for s, until := range g.sessions {
		if time.Now().After(until) {
			delete(g.sessions, s)
		} else if first, ok := g.sessions[oldest]; !ok || until.Before(first) {
			oldest = s
		}
	}
	if len(g.sessions) >= mostSessions {
		delete(g.sessions, oldest)
	}
}

// known reports whether a request comes from a browser that was let in.
func (g *guard) known(r *http.Request) bool {
	cookies := r.CookiesNamed(g.cookie)
	if len(cookies) != 1 {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.sessions[sha256.Sum256([]byte(cookies[0].Value))]
	return ok && time.Now().Before(until)
}

// admit sets the session's cookie. It is not marked Secure, for loopback has
// no certificate, and browsers differ in whether they would keep it.
func (g *guard) admit(w http.ResponseWriter, session string) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookie, Value: session, Path: "/", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// wrap refuses whatever does not belong, before anything is routed. The Host
// comes first: a name that an attacker makes point to this machine (rebinding)
// must not learn even that somebody answers.
func (g *guard) wrap(next http.Handler, refuse func(http.ResponseWriter, *http.Request, int, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		switch {
		case !slices.Contains(g.hosts, r.Host) || !fromLoopback(r.RemoteAddr):
			http.Error(w, "this page does not go by that name", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, HEAD, POST")
			http.Error(w, "no such method", http.StatusMethodNotAllowed)
		case !g.own(r):
			http.Error(w, "another site may not do this", http.StatusForbidden)
		case r.URL.Path != startPath && !g.known(r):
			refuse(w, r, http.StatusForbidden, "noSession")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// own reports whether a request that has effects comes from our own page: the
// browser must say so by Origin, and must not say otherwise.
func (g *guard) own(r *http.Request) bool {
	if g.cross.Check(r) != nil {
		return false
	}
	if r.Method == http.MethodPost {
		return r.Header.Get("Origin") == "http://"+r.Host
	}
	// Other sites may not pull our pages into theirs either.
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	return r.URL.Path == startPath && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func fromLoopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

func headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: that would make browsers send "Origin: null" with our
	// own forms.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// Package signer knows how the InfluencerSoft API is signed: the order and
// encoding of a form's fields, the hash a request carries, and when a reply may
// be trusted.
//
// It is pure: no network, no files, no clock, and nothing of the rest of
// billmark. What the fields mean and what a code says is for others; see
// package api. It stands at the end of the flow: an update becomes a Form, the
// Form is signed, the exchange happens elsewhere, and the reply comes back here
// to be verified.
package signer

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Account is a login and its secret key. It is immutable and may be used by
// many goroutines at once. The key cannot be read back, and no way of printing,
// logging or marshalling an Account shows it. The zero Account verifies no
// reply.
type Account struct {
	login string
	// A pointer, because fmt does not call the methods below when an Account
	// lies in an unexported field of something else: it prints the bare
	// fields, and of a pointer the address.
	key *string
}

// maxLogin is the longest DNS label: the login is the host's first one.
const maxLogin = 63

// NewAccount checks login and key. Its errors never show the key. A blank or a
// line end in the key is refused rather than cut off: it usually is a trace of
// copying, and guessing would turn a clear message into "wrong hash".
func NewAccount(login, key string) (Account, error) {
	if err := checkLogin(login); err != nil {
		return Account{}, fmt.Errorf("account: %w", err)
	}
	if err := checkKey(key); err != nil {
		return Account{}, fmt.Errorf("account %s: %w", login, err)
	}
	return Account{login: login, key: &key}, nil
}

func checkLogin(login string) error {
	switch {
	case login == "":
		return errors.New("the login is empty")
	case len(login) > maxLogin:
		return fmt.Errorf("the login is longer than %d characters", maxLogin)
	}
	for i := range len(login) {
		if c := login[i]; !alphanumeric(c) && (i == 0 || c != '-' && c != '_') {
			return fmt.Errorf("the login %q is not one word of letters, digits, - and _", login)
		}
	}
	return nil
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case !utf8.ValidString(key):
		return errors.New("the key is not valid text")
	case strings.Contains(key, separator):
		return errors.New(`the key contains "::", which separates it from the rest`)
	}
	for _, r := range key {
		if unicode.IsSpace(r) {
			return errors.New("the key contains a blank or a line end")
		}
		if !unicode.IsGraphic(r) {
			return errors.New("the key contains an invisible character")
		}
	}
	return nil
}

// secret is the key, or nothing for the zero Account.
func (a Account) secret() string {
	if a.key == nil {
		return ""
	}
	return *a.key
}

// Login is the account's login.
func (a Account) Login() string { return a.login }

// String is the login, and says that there is more.
func (a Account) String() string { return a.login + " (key hidden)" }

// GoString is for %#v.
func (a Account) GoString() string { return fmt.Sprintf("signer.Account(%q, key hidden)", a.login) }

// Format prints the same for every verb.
func (a Account) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		io.WriteString(f, a.GoString())
		return
	}
	io.WriteString(f, a.String())
}

// LogValue is what a structured log shows.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText is what JSON, XML, gob and others that know it show.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

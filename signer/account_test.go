package signer

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestNewAccount(t *testing.T) {
	const key = "0123456789abcdef"
	tests := []struct {
		login, key, want string
	}{
		{"shop7", key, ""},
		{"S", "k", ""},
		{"7-of_9", "ключ:с-двоеточием", ""},
		{"a" + strings.Repeat("b", 62), key, ""},
		{"shop", ":key:", ""},
		{"", key, "account: the login is empty"},
		{"a" + strings.Repeat("b", 63), key, "account: the login is longer than 63 characters"},
		{"-shop", key, `account: the login "-shop" is not one word`},
		{"_shop", key, `account: the login "_shop" is not one word`},
		{"my shop", key, `account: the login "my shop" is not one word`},
		{"shop.influencersoft.com", key, `is not one word`},
		{"sh::op", key, `is not one word`},
		{"shop\n", key, `is not one word`},
		{"магазин", key, `is not one word`},
		{"shop/..", key, `is not one word`},
		{"shop", "", "account shop: the key is empty"},
		{"shop", key + "::x", `account shop: the key contains "::"`},
		{"shop", "::", `account shop: the key contains "::"`},
		{"shop", key + "\n", "account shop: the key contains a blank or a line end"},
		{"shop", key + "\r\n", "account shop: the key contains a blank or a line end"},
		{"shop", " " + key, "account shop: the key contains a blank or a line end"},
		{"shop", key + "\u00a0", "account shop: the key contains a blank or a line end"},
		{"shop", "a\tb", "account shop: the key contains a blank or a line end"},
		{"shop", "a\x00b", "account shop: the key contains an invisible character"},
		{"shop", "a\x7fb", "account shop: the key contains an invisible character"},
		{"shop", "\ufeff" + key, "account shop: the key contains an invisible character"},
		{"shop", "a\u200bb", "account shop: the key contains an invisible character"},
		{"shop", key + "\xff", "account shop: the key is not valid text"},
	}
	for _, tt := range tests {
		a, err := NewAccount(tt.login, tt.key)
		switch {
		case tt.want == "" && (err != nil || a.Login() != tt.login || a.secret() != tt.key):
			t.Errorf("NewAccount(%q, %q) = %q, %v", tt.login, tt.key, a.Login(), err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("NewAccount(%q, %q): %v; want %s", tt.login, tt.key, err, tt.want)
		case tt.want != "" && a != Account{}:
			t.Errorf("NewAccount(%q, %q) gives an account with its error", tt.login, tt.key)
		case tt.want != "" && strings.Contains(err.Error(), key):
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

// Every door an Account could leave by that somebody might print, log or save
// it through, alone and inside of something else.
func TestKeyStaysHidden(t *testing.T) {
	const key = "tell-nobody"
	a, err := NewAccount("shop7", key)
	if err != nil {
		t.Fatal(err)
	}
	holders := map[string]any{
		"value": a, "pointer": &a, "slice": []Account{a}, "map": map[string]Account{"a": a},
		"field":          struct{ A Account }{a},
		"hidden":         struct{ a Account }{a},
		"hidden pointer": struct{ a *Account }{&a},
		"hidden deep":    struct{ s []struct{ a Account } }{[]struct{ a Account }{{a}}},
		"embedded":       struct{ Account }{a},
		"error":          fmt.Errorf("with %v: %w", a, errors.New("it failed")),
	}
	var shown strings.Builder
	for name, h := range holders {
		for _, verb := range []string{"v", "+v", "#v", "s", "q", "d", "x", "X", "t", "b", "c", "p", "T", "w", "20s", "-5v"} {
			fmt.Fprintf(&shown, "%s %s: %"+verb+"\n", name, verb, h)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
			slog.New(handler).Info("hello", "account", h, slog.Group("g", "a", h))
		}
		j, _ := json.Marshal(h)
		var g bytes.Buffer
		gob.NewEncoder(&g).Encode(h)
		fmt.Fprintf(&shown, "%s\n%s\n", j, g.Bytes())
	}
	x, _ := xml.Marshal(a)
	fmt.Fprintf(&shown, "%s\n", x)
	hexKey := fmt.Sprintf("%x", key)
	for line := range strings.Lines(shown.String()) {
		if strings.Contains(line, key) || strings.Contains(strings.ToLower(line), hexKey) {
			t.Errorf("shown: %s", line)
		}
	}
	if !strings.Contains(shown.String(), "shop7 (key hidden)") {
		t.Error("the login is not shown")
	}
}

func TestAccountShown(t *testing.T) {
	a, err := NewAccount("shop7", "tell-nobody")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := a.MarshalText()
	for got, want := range map[string]string{
		fmt.Sprint(a):                "shop7 (key hidden)",
		fmt.Sprintf("%+v %s", a, &a): "shop7 (key hidden) shop7 (key hidden)",
		fmt.Sprintf("%#v", a):        `signer.Account("shop7", key hidden)`,
		a.LogValue().String():        "shop7 (key hidden)",
		"text " + string(text):       "text shop7 (key hidden)",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

package signer

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestHostileReplies(t *testing.T) {
	a := account(t)
	seen := map[string]int{}
	for _, h := range hostiles(t, a) {
		seen[h.verdict]++
		r, err := a.Verify(h.body)
		switch h.verdict {
		case "trusted":
			if err != nil || r.Code != h.code || r.Text != h.text {
				t.Errorf("line %d: %q, %q, %v; want it trusted", h.line, r.Code, r.Text, err)
			}
		case "hash":
			if err != ErrHash || r.Code == "" || r.Result != nil {
				t.Errorf("line %d: %+v, %v; want ErrHash and a code", h.line, r, err)
			}
		case "shape":
			if !errors.Is(err, ErrShape) || r.Code != "" || r.Text != "" || r.Result != nil {
				t.Errorf("line %d: %+v, %v; want ErrShape and nothing else", h.line, r, err)
			} else if !strings.Contains(err.Error(), ": "+h.detail) || h.detail == "" {
				t.Errorf("line %d: %v; want %q", h.line, err, h.detail)
			}
		default:
			t.Errorf("line %d: verdict %q", h.line, h.verdict)
		}
	}
	if seen["trusted"] < 30 || seen["hash"] < 10 || seen["shape"] < 150 {
		t.Errorf("the table is not all there: %v", seen)
	}
}

// A reply whose hash cannot be right, because the key here is wrong, still
// says so by its code.
func TestCodeOfUnverified(t *testing.T) {
	right := account(t)
	wrong, err := NewAccount("username", strings.Repeat("Y", 40))
	if err != nil {
		t.Fatal(err)
	}
	body := `{"error_code":4,"error_text":"incorrect hash","hash":"` + right.SignReply("4", "incorrect hash") + `"}`
	r, err := wrong.Verify([]byte(body))
	if err != ErrHash || r.Code != "4" || r.Text != "incorrect hash" {
		t.Errorf("Verify = %+v, %v", r, err)
	}
}

func TestResult(t *testing.T) {
	a := account(t)
	for members, want := range map[string]string{
		``:                             ``,
		`,"result": {"id":1, "a":[]} `: `{"id":1, "a":[]}`,
		`,"result":null`:               `null`,
		`,"result":[1 , 2]`:            `[1 , 2]`,
		`,"\u0072esult":-1.5e+3`:       `-1.5e+3`,
		`,"Result":1`:                  ``,
		`,"x":{"result":1}`:            ``,
		`,"result":1,"result":1`:       ``,
		`,"result":1,"a":1,"result":2,"result":3`: ``,
	} {
		body := `{"error_code":0,"error_text":"","hash":"` + a.SignReply("0", "") + `"` + members + `}`
		r, err := a.Verify([]byte(body))
		if err != nil || string(r.Result) != want {
			t.Errorf("%s: result %q, %v; want %q", members, r.Result, err, want)
		}
	}
}

// The body belongs to whoever read it, and will be overwritten.
func TestReplyOwnsItsTexts(t *testing.T) {
	a := account(t)
	body := []byte(`{"error_code":"105","error_text":"as it was","hash":"` + a.SignReply("105", "as it was") + `"}`)
	r, err := a.Verify(body)
	if err != nil {
		t.Fatal(err)
	}
	clear(body)
	if r.Code != "105" || r.Text != "as it was" {
		t.Errorf("the reply changed with the body: %q, %q", r.Code, r.Text)
	}
}

// Whatever single byte is changed, lost or doubled on the way, the reply is
// not trusted with another code or text.
func TestOneByteWrong(t *testing.T) {
	a := account(t)
	const text = "Заказ: paid \\u0434\\/ \\ud83d\\ude00"
	plain := "Заказ: paid д/ 😀"
	good := []byte(`{"error_code":203, "error_text":"` + text + `","hash":"` + a.SignReply("203", plain) + `"}`)
	if r, err := a.Verify(good); err != nil || r.Code != "203" || r.Text != plain {
		t.Fatalf("Verify = %+v, %v", r, err)
	}
	try := func(body []byte) {
		if r, err := a.Verify(body); err == nil && (r.Code != "203" || r.Text != plain) {
			t.Errorf("%s: trusted as %+v", body, r)
		}
	}
	for i := range good {
		for c := range 256 {
			body := bytes.Clone(good)
			body[i] = byte(c)
			try(body)
		}
		try(append(bytes.Clone(good[:i]), good[i+1:]...))
		try(append(bytes.Clone(good[:i+1]), good[i:]...))
		if _, err := a.Verify(good[:i]); !errors.Is(err, ErrShape) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// What an error says of a reply is safe to show: it quotes nothing of it.
func TestShapeQuotesNothing(t *testing.T) {
	a := account(t)
	for _, h := range hostiles(t, a) {
		h.body = bytes.ReplaceAll(h.body, []byte("OK"), []byte("SECRET"))
		if _, err := a.Verify(h.body); err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("line %d: %v", h.line, err)
		}
	}
}

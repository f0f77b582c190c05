package signer

import (
	"bytes"
	"strings"
	"testing"
)

func TestSignVectors(t *testing.T) {
	a := account(t)
	for _, v := range table(t, "requests.csv") {
		body, hash := v[0], v[1]
		form, err := ParseForm([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := form.Encode(); got != body {
			t.Errorf("Encode = %s, want %s", got, body)
		}
		if got := a.Hash(form); got != hash {
			t.Errorf("Hash(%s) = %s, want %s", body, got, hash)
		}
		if got, want := string(a.Sign(nil, form)), body+"&hash="+hash; got != want {
			t.Errorf("Sign = %s, want %s", got, want)
		}
		if got, want := string(a.AppendHash([]byte("before "+body), len("before "))), "before "+body+"&hash="+hash; got != want {
			t.Errorf("AppendHash = %s, want %s", got, want)
		}
	}
}

func TestSignReplyVectors(t *testing.T) {
	a := account(t)
	for _, v := range table(t, "replies.csv") {
		if got := a.SignReply(v[0], v[1]); got != v[2] {
			t.Errorf("SignReply(%q, %q) = %s, want %s", v[0], v[1], got, v[2])
		}
	}
}

// An empty form is signed too: functions without fields are called so.
func TestSignEmpty(t *testing.T) {
	const want = "before hash=53de7e1144de71c41d1cb06887f4b179"
	if got := string(account(t).Sign([]byte("before "), nil)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

func TestSignAppends(t *testing.T) {
	a := account(t)
	form := Form{{"bill_id", "1"}, {"status", "cancel"}}
	for _, room := range []int{0, 1, 20, 40, 60, 80, 1000} {
		dst := append(make([]byte, 0, 7+room), "before "...)
		got := a.Sign(dst, form)
		if want := "before " + string(a.Sign(nil, form)); string(got) != want {
			t.Errorf("room %d: %s, want %s", room, got, want)
		}
	}
}

// The key lies in the buffer for a moment, and must not stay there.
func TestSignLeavesNoKeyBehind(t *testing.T) {
	key := "correct-horse-battery-staple" + strings.Repeat("0123456789", 20)
	a, err := NewAccount("username", key)
	if err != nil {
		t.Fatal(err)
	}
	got := a.Sign(make([]byte, 0, 4096), Form{{"bill_id", "1"}})
	if rest := got[:cap(got)]; bytes.Contains(rest, []byte("staple")) || bytes.Contains(rest, []byte("0123456789")) {
		t.Errorf("the buffer still holds the key: %q", bytes.TrimRight(rest, "\x00"))
	}
}

// Without a key everybody could sign, so the zero Account trusts nobody.
func TestZeroAccount(t *testing.T) {
	var a Account
	body := `{"error_code":0,"error_text":"OK","hash":"` + a.SignReply("0", "OK") + `"}`
	if r, err := a.Verify([]byte(body)); err != ErrHash || r.Code != "0" || r.Text != "OK" {
		t.Errorf("Verify = %+v, %v; want ErrHash", r, err)
	}
	if a.Login() != "" || a.String() != " (key hidden)" {
		t.Errorf("Login %q, String %q", a.Login(), a)
	}
}

func TestAllocations(t *testing.T) {
	a := account(t)
	form := sampleForm()
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { dst = a.Sign(dst[:0], form) }); n != 0 {
		t.Errorf("Sign allocates %v times", n)
	}
	for _, text := range []string{"", "ok", "OK", "order status changed"} {
		body := []byte(`{"error_code":0,"error_text":"` + text + `","hash":"` + a.SignReply("0", text) + `"}`)
		n := testing.AllocsPerRun(100, func() {
			if _, err := a.Verify(body); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("Verify of %q allocates %v times", text, n)
		}
	}
}

func sampleForm() Form {
	return Form{{"bill_id", "100000"}, {"status", "sent"}, {"date", "1362254400"}, {"rpo", "10000000000000"}}
}

func BenchmarkSign(b *testing.B) {
	a, form := account(b), sampleForm()
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = a.Sign(dst[:0], form)
	}
}

func BenchmarkVerify(b *testing.B) {
	a := account(b)
	for name, text := range map[string]string{"ok": "OK", "no": "nonexistent order"} {
		body := []byte(`{"error_code":0,"error_text":"` + text + `","hash":"` + a.SignReply("0", text) + `"}`)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Verify(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package signer

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// Every byte, as PHP writes it: digits, letters and - . _ as they are, the
// blank as a plus, all else as %XX.
func TestEncodeEveryByte(t *testing.T) {
	for c := range 256 {
		b := string([]byte{byte(c)})
		want := fmt.Sprintf("%%%02X", c)
		switch {
		case strings.Contains("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._", b):
			want = b
		case b == " ":
			want = "+"
		}
		if got := (Form{{b, b}}).Encode(); got != want+"="+want {
			t.Errorf("byte %#x: %s, want %s", c, got, want)
		}
		if b != "~" && url.QueryEscape(b) != want {
			t.Errorf("byte %#x: net/url has %s", c, url.QueryEscape(b))
		}
	}
}

func TestEncode(t *testing.T) {
	for want, form := range map[string]Form{
		"":                        nil,
		"b=1&a=2":                 {{"b", "1"}, {"a", "2"}},
		"=e":                      {{"", "e"}},
		"=&=":                     {{"", ""}, {"", ""}},
		"a=&b=":                   {{"a", ""}, {"b", ""}},
		"a+b=1&a%7Eb=2&a%5Bb%5D=": {{"a b", "1"}, {"a~b", "2"}, {"a[b]", ""}},
		"a.b=%2B7":                {{"a.b", "+7"}},
	} {
		if got := form.Encode(); got != want {
			t.Errorf("Encode(%q) = %s, want %s", form, got, want)
		}
		if back, err := ParseForm([]byte(want)); err != nil || !reflect.DeepEqual(back, form) {
			t.Errorf("ParseForm(%s) = %q, %v", want, back, err)
		}
	}
}

func TestParseForm(t *testing.T) {
	tests := []struct {
		body string
		want Form
		err  string
	}{
		{"a=1&b=2&a=3", Form{{"a", "1"}, {"b", "2"}, {"a", "3"}}, ""},
		{"a=%d0%9f%D0%BF", Form{{"a", "Пп"}}, ""},
		{"a=*~!'();:@,/?$", Form{{"a", "*~!'();:@,/?$"}}, ""},
		{"a=%00%0A+%2b", Form{{"a", "\x00\n +"}}, ""},
		{"a", nil, "field 1 has no equals sign"},
		{"a=1&", nil, "field 2 has no equals sign"},
		{"&a=1", nil, "field 1 has no equals sign"},
		{"a=1&&b=2", nil, "field 2 has no equals sign"},
		{"a=1=2", nil, "field 1 is not encoded"},
		{"a=%", nil, "field 1 is not encoded"},
		{"a=%4", nil, "field 1 is not encoded"},
		{"a=1&b=%4g", nil, "field 2 is not encoded"},
		{"a=%g4", nil, "field 1 is not encoded"},
		{"%=1", nil, "field 1 is not encoded"},
		{"a=b c", nil, "field 1 is not encoded"},
		{"a=b\n", nil, "field 1 is not encoded"},
		{"a=\x00", nil, "field 1 is not encoded"},
		{"a=\x7f", nil, "field 1 is not encoded"},
		{"a=П", nil, "field 1 is not encoded"},
	}
	for _, tt := range tests {
		got, err := ParseForm([]byte(tt.body))
		switch {
		case tt.err == "" && (err != nil || !reflect.DeepEqual(got, tt.want)):
			t.Errorf("ParseForm(%q) = %q, %v", tt.body, got, err)
		case tt.err != "" && (err == nil || got != nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("ParseForm(%q) = %q, %v; want %s", tt.body, got, err, tt.err)
		}
	}
}

// Encode then ParseForm changes nothing, and what ParseForm takes it takes as
// net/url does.
func FuzzForm(f *testing.F) {
	f.Add("bill_id", "100000", "rpo", "RR 123~456", []byte("a=1&b=%7E+"))
	f.Add("", "", "a=b&c", "\x00\xff%41+", []byte("a=%zz"))
	f.Add("имя", "значение", "hash", "::", []byte("a==&"))
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, body []byte) {
		form := Form{{name1, value1}, {name2, value2}}
		encoded := form.Encode()
		back, err := ParseForm([]byte(encoded))
		if err != nil || !reflect.DeepEqual(back, form) {
			t.Fatalf("%q came back as %q, %v", form, back, err)
		}
		if want := strings.ReplaceAll(queryEscape(form), "~", "%7E"); encoded != want {
			t.Fatalf("Encode = %s, net/url has %s", encoded, want)
		}
		parsed, err := ParseForm(body)
		if err != nil {
			return
		}
		again, err := ParseForm(parsed.AppendEncode(nil))
		if err != nil || !reflect.DeepEqual(again, parsed) {
			t.Fatalf("%q came back as %q, %v", parsed, again, err)
		}
		checkAgainstURL(t, body, parsed)
	})
}

func queryEscape(form Form) string {
	var pairs []string
	for _, f := range form {
		pairs = append(pairs, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
	}
	return strings.Join(pairs, "&")
}

func checkAgainstURL(t *testing.T, body []byte, parsed Form) {
	if len(body) == 0 {
		return
	}
	pairs := strings.Split(string(body), "&")
	if len(pairs) != len(parsed) {
		t.Fatalf("%q gives %d fields", body, len(parsed))
	}
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		wantName, err1 := url.QueryUnescape(name)
		wantValue, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || parsed[i] != (Field{wantName, wantValue}) {
			t.Fatalf("%q: field %d is %q", body, i, parsed[i])
		}
	}
}

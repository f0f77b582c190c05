package signer

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// reference reads a reply by other means: the standard library's parser, which
// is laxer, with what it lets pass forbidden afterwards.
func reference(body []byte) (code, text, hash string, ok bool) {
	if len(body) > limit || !utf8.Valid(body) || !json.Valid(body) || halfPair(body) || depth(body) > maxDepth {
		return "", "", "", false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return "", "", "", false
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return "", "", "", false
		}
		key := name.(string)
		if _, twice := members[key]; twice && (key == "error_code" || key == "error_text" || key == "hash") {
			return "", "", "", false
		}
		members[key] = value
	}
	return referenceMembers(members)
}

var (
	integers = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	hashes   = regexp.MustCompile(`^[0-9a-f]{32}$`)
	escapes  = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)
	high     = regexp.MustCompile(`(?i)^\\ud[89ab]`)
	low      = regexp.MustCompile(`(?i)^\\ud[c-f]`)
)

func referenceMembers(m map[string]json.RawMessage) (code, text, hash string, ok bool) {
	code = string(m["error_code"])
	if strings.HasPrefix(code, `"`) {
		json.Unmarshal(m["error_code"], &code)
	}
	if !integers.MatchString(code) {
		return "", "", "", false
	}
	if string(m["error_text"]) != "null" && json.Unmarshal(m["error_text"], &text) != nil {
		return "", "", "", false
	}
	if !bytes.HasPrefix(m["hash"], []byte(`"`)) || json.Unmarshal(m["hash"], &hash) != nil || !hashes.MatchString(hash) {
		return "", "", "", false
	}
	return code, text, hash, true
}

// halfPair reports half a surrogate pair among the escapes of a valid JSON text.
func halfPair(body []byte) bool {
	found := escapes.FindAllIndex(body, -1)
	for i := 0; i < len(found); i++ {
		esc := body[found[i][0]:found[i][1]]
		switch {
		case low.Match(esc):
			return true
		case high.Match(esc):
			if i+1 == len(found) || found[i+1][0] != found[i][1] || !low.Match(body[found[i+1][0]:]) {
				return true
			}
			i++
		}
	}
	return false
}

// depth is how deep a valid JSON text is nested.
func depth(body []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// checkVerify holds Verify against the reference.
func checkVerify(t *testing.T, a Account, body []byte) {
	code, text, hash, ok := reference(body)
	r, err := a.Verify(body)
	switch {
	case !ok:
		if !errors.Is(err, ErrShape) {
			t.Fatalf("%q is no reply; Verify says %+v, %v", body, r, err)
		}
		return
	case err != nil && err != ErrHash:
		t.Fatalf("%q is a reply; Verify says %v", body, err)
	case r.Code != code || r.Text != text:
		t.Fatalf("%q is %q %q; Verify says %q %q", body, code, text, r.Code, r.Text)
	case (err == nil) != (hash == a.SignReply(code, text)):
		t.Fatalf("%q with hash %s: %v", body, hash, err)
	case err == nil && r.Result != nil && !json.Valid(r.Result):
		t.Fatalf("%q: the result %q is no JSON", body, r.Result)
	}
}

func TestVerifyAgainstReference(t *testing.T) {
	a := account(t)
	for _, h := range hostiles(t, a) {
		checkVerify(t, a, h.body)
	}
}

// FuzzVerify tries every body twice: as it is, and with the right hash put in,
// so that it also gets past the hash.
func FuzzVerify(f *testing.F) {
	a := account(f)
	for _, h := range hostiles(f, a) {
		f.Add(bytes.ReplaceAll(h.body, []byte(a.SignReply(h.code, h.text)), []byte("HASH")))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkVerify(t, a, body)
		filled := bytes.ReplaceAll(body, []byte("HASH"), []byte(strings.Repeat("0", 32)))
		checkVerify(t, a, filled)
		if code, text, _, ok := reference(filled); ok {
			checkVerify(t, a, bytes.ReplaceAll(body, []byte("HASH"), []byte(a.SignReply(code, text))))
		}
	})
}

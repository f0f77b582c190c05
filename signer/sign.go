package signer

import (
	"crypto/md5"
	"encoding/hex"
)

// separator stands between the parts of what is hashed.
const separator = "::"

// hashName is the field that carries a request's hash.
const hashName = "hash"

// Sign appends the body of a signed request to dst: the encoded form, then its
// hash as the last field. It allocates nothing but what dst must grow by.
//
// The hash is the MD5 of query::login::key in lower-case hex, where query is
// the encoded form without the hash.
func (a Account) Sign(dst []byte, f Form) []byte {
	return a.AppendHash(f.AppendEncode(dst), len(dst))
}

// AppendHash is Sign for a form that is encoded already: it stands in dst from
// start on, and its hash is appended to it as the last field.
func (a Account) AppendHash(dst []byte, start int) []byte {
	sum, dst := a.sum(dst, start)
	if len(dst) > start {
		dst = append(dst, '&')
	}
	dst = append(dst, hashName+"="...)
	return hex.AppendEncode(dst, sum[:])
}

// sum hashes the query that begins at start. The rest of what is hashed lies
// behind it for a moment; it is wiped, because whoever holds the buffer must
// not hold the key.
func (a Account) sum(dst []byte, start int) ([md5.Size]byte, []byte) {
	end := len(dst)
	dst = append(dst, separator...)
	dst = append(dst, a.login...)
	dst = append(dst, separator...)
	dst = append(dst, a.secret()...)
	sum := md5.Sum(dst[start:])
	clear(dst[end:])
	return sum, dst[:end]
}

// Hash is the hash that Sign puts behind the form.
func (a Account) Hash(f Form) string {
	sum, _ := a.sum(f.AppendEncode(nil), 0)
	return hex.EncodeToString(sum[:])
}

// SignReply is the hash of a reply: the MD5 of code::text::key in lower-case
// hex. It is what a stand-in for the API puts into its replies; text is as it
// is after JSON was decoded.
func (a Account) SignReply(code, text string) string {
	sum := a.replySum(code, text)
	return hex.EncodeToString(sum[:])
}

func (a Account) replySum(code, text string) [md5.Size]byte {
	var room [256]byte
	b := append(room[:0], code...)
	b = append(b, separator...)
	b = append(b, text...)
	b = append(b, separator...)
	b = append(b, a.secret()...)
	return md5.Sum(b)
}

package signer_test

import (
	"crypto/md5"
	"fmt"
	"testing"

	"billmark/signer"
)

// TestVerifyMasksKey: whatever the service quotes, the key does not go into
// journals and reports; what is proved does not change by that.
func TestVerifyMasksKey(t *testing.T) {
	const key = "0123456789abcdef"
	account, err := signer.NewAccount("shop7", key)
	if err != nil {
		t.Fatal(err)
	}
	text := "the key " + key + " is not known: " + key
	sum := md5.Sum([]byte("4::" + text + "::" + key))
	for hash, want := range map[string]error{fmt.Sprintf("%x", sum): nil, "00000000000000000000000000000000": signer.ErrHash} {
		reply, err := account.Verify(fmt.Appendf(nil, `{"error_code":4,"error_text":%q,"hash":%q}`, text, hash))
		if err != want || reply.Code != "4" || reply.Text != "the key [key] is not known: [key]" {
			t.Errorf("hash %s: %+v, %v", hash, reply, err)
		}
	}
}

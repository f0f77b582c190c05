package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"billmark/signer"
)

// reply is a reply ready to be sent, and the same with a wrong hash.
type reply struct {
	body, forged []byte
	length       []string // the Content-Length header
}

var jsonType = []string{"application/json; charset=utf-8"}

func newReply(a signer.Account, v verdict) reply { return sign(a, v, nil) }

// sign makes a reply; result may be nil. The hash covers code and text alone.
func sign(a signer.Account, v verdict, result []byte) reply {
	hash := a.SignReply(strconv.Itoa(codes[v]), texts[v])
	r := reply{body: encode(v, result, hash), forged: encode(v, result, turn(hash))}
	r.length = []string{strconv.Itoa(len(r.body))}
	return r
}

func encode(v verdict, result []byte, hash string) []byte {
	b := fmt.Appendf(nil, `{"error_code":%d,"error_text":%q,`, codes[v], texts[v])
	if result != nil {
		b = fmt.Appendf(b, `"result":%s,`, result)
	}
	return fmt.Appendf(b, `"hash":%q}`, hash)
}

// turn makes a wrong hash of a right one.
func turn(hash string) string {
	if hash[0] == '0' {
		return "1" + hash[1:]
	}
	return "0" + hash[1:]
}

// detailsReply tells of an order, with the members that the API is documented
// to give and an invented buyer.
func (s *Sandbox) detailsReply(o *Order) *reply {
	result, err := json.Marshal(map[string]any{
		"id": o.Bill, "first_name": "Sandbox", "last_name": "Buyer", "email": "buyer@example.com", "phone": "",
		"created": 1_000_000_000, "pay_status": o.PayStatus, "paid": o.Paid, "type": "prepayment", "payway": "",
		"comment": "", "domain": "", "link": "", "good_count": 1, "price": "10.00", "bill_sum_topay": "10.00",
		"tag": "", "coupon": "", "utm": map[string]string{},
		"items": []map[string]string{{"id": "1", "title": "A thing", "sum": "10.00", "price": "10.00"}},
	})
	if err != nil {
		panic(err) // texts and numbers only
	}
	r := sign(s.cfg.Account, accepted, result)
	return &r
}

func (r *reply) send(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = jsonType, r.length
	w.Write(body) // if the client has gone, that is its own affair
}

// servePage sends what a web server says when it has no better answer.
func servePage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	text := http.StatusText(status)
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n", text, text)
}

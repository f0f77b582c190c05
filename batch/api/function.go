// Package api knows what the remote API takes and what its answers mean: the
// fields of each function, what each field may hold, and what the error codes
// say about a row and about a run. It knows nothing of files, HTTP or time.
package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"billmark/batch"
	"billmark/signer"
)

// The functions of the API, as they stand in its addresses.
const (
	// Update changes an order's status.
	Update = "UpdateOrderStatus"
	// Details reads an order back.
	Details = "getOrderDetails"
)

// Form is what is sent for an update: bill_id and status, the date if the
// status takes one, and the tracking number for sent, in this order.
func Form(u batch.Update) signer.Form {
	f := signer.Form{{Name: "bill_id", Value: strconv.FormatUint(u.Bill, 10)}, {Name: "status", Value: u.Status.String()}}
	if u.Status.Dated() {
		f = append(f, signer.Field{Name: "date", Value: strconv.FormatInt(u.Date, 10)})
	}
	if u.Status == batch.Sent {
		f = append(f, signer.Field{Name: "rpo", Value: u.RPO})
	}
	return f
}

// DetailsForm asks for one order.
func DetailsForm(bill uint64) signer.Form {
	return signer.Form{{Name: "bill_id", Value: strconv.FormatUint(bill, 10)}}
}

// Order is what the API tells of an order when it is read back. The reply's
// hash does not cover it; only TLS does.
type Order struct {
	// Payment is pay_status as it came: paid, waiting, cancel, or another.
	Payment string
	// Paid is the payment date in unix seconds, 0 if there is none.
	Paid int64
}

// ReadOrder reads the result of Details. Numbers may come as strings.
func ReadOrder(result []byte) (Order, error) {
	var raw struct {
		Payment *string         `json:"pay_status"`
		Paid    json.RawMessage `json:"paid"`
	}
	if err := json.Unmarshal(result, &raw); err != nil {
		return Order{}, fmt.Errorf("reading an order: %w", err)
	}
	if raw.Payment == nil {
		return Order{}, errors.New("reading an order: it has no pay_status")
	}
	o := Order{Payment: *raw.Payment}
	paid := bytes.Trim(raw.Paid, `"`)
	if len(paid) == 0 || string(paid) == "null" {
		return o, nil
	}
	var err error
	if o.Paid, err = strconv.ParseInt(string(paid), 10, 64); err != nil {
		return Order{}, fmt.Errorf("reading an order: its payment date %q is no number of seconds", paid)
	}
	return o, nil
}

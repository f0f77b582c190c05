// Package api knows what the remote API takes and what its answers mean: the
// fields of each function, what each field may hold, what the error codes say
// about a row and about a run, and what an order that is read back tells.
//
// It knows nothing of files, HTTP or signatures. Before an exchange it stands
// between the manifest and an Update, and between an Update and its Form;
// after it, between a verified reply and an outcome.
package api

import (
	"strconv"

	"billmark/batch"
	"billmark/signer"
)

// The functions of the API, as they stand in its addresses.
const (
	// Update changes an order's status.
	Update = "UpdateOrderStatus"
	// Details reads an order back. It changes nothing.
	Details = "getOrderDetails"
)

// The names of the fields.
const (
	fieldBill   = "bill_id"
	fieldStatus = "status"
	fieldDate   = "date"
	fieldRPO    = "rpo"
)

// Form is what is sent for a valid update: bill_id and status, the date if the
// status takes one, and the tracking number for sent, in this order. A field
// the status does not take is left out, not sent empty.
func Form(u batch.Update) signer.Form {
	f := append(make(signer.Form, 0, 4),
		signer.Field{Name: fieldBill, Value: strconv.FormatUint(u.Bill, 10)},
		signer.Field{Name: fieldStatus, Value: u.Status.String()})
	if u.Status.Dated() {
		f = append(f, signer.Field{Name: fieldDate, Value: strconv.FormatInt(u.Date, 10)})
	}
	if u.Status == batch.Sent {
		f = append(f, signer.Field{Name: fieldRPO, Value: u.RPO})
	}
	return f
}

// AppendForm appends Form(u) as it is posted, without the hash. A run makes one
// for every row, so it makes no fields in between, and allocates nothing but
// what dst must grow by.
func AppendForm(dst []byte, u batch.Update) []byte {
	dst = strconv.AppendUint(append(dst, fieldBill+"="...), u.Bill, 10)
	dst = signer.AppendEscape(append(dst, "&"+fieldStatus+"="...), u.Status.String())
	if u.Status.Dated() {
		dst = strconv.AppendInt(append(dst, "&"+fieldDate+"="...), u.Date, 10)
	}
	if u.Status == batch.Sent {
		dst = signer.AppendEscape(append(dst, "&"+fieldRPO+"="...), u.RPO)
	}
	return dst
}

// DetailsForm asks for one order.
func DetailsForm(bill uint64) signer.Form {
	return signer.Form{{Name: fieldBill, Value: strconv.FormatUint(bill, 10)}}
}

package api

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
	"billmark/signer"
)

func TestForm(t *testing.T) {
	const date, rpo = 1362254400, "10000000000000"
	tests := []struct {
		name string
		u    batch.Update
		want string
	}{
		{
			"sent",
			batch.Update{Bill: 100000, Status: batch.Sent, Date: date, RPO: rpo},
			"bill_id=100000&status=sent&date=1362254400&rpo=10000000000000",
		},
		{
			"paid",
			batch.Update{Bill: 100000, Status: batch.Paid, Date: date},
			"bill_id=100000&status=paid&date=1362254400",
		},
		{"return", batch.Update{Bill: 100000, Status: batch.Return}, "bill_id=100000&status=return"},
		{"cancel", batch.Update{Bill: 100000, Status: batch.Cancel}, "bill_id=100000&status=cancel"},
		{
			"the occurrence is not sent",
			batch.Update{Bill: 7, Status: batch.Cancel, Occurrence: 3},
			"bill_id=7&status=cancel",
		},
		{
			"the longest",
			batch.Update{Bill: 999999999999999999, Status: batch.Paid, Date: 9999999999},
			"bill_id=999999999999999999&status=paid&date=9999999999",
		},
		{
			"byte for byte",
			batch.Update{Bill: 1, Status: batch.Sent, Date: date, RPO: " a&b=c+\u0416~ "},
			"bill_id=1&status=sent&date=1362254400&rpo=+a%26b%3Dc%2B%D0%96%7E+",
		},
	}
	for _, tt := range tests {
		if got := Form(tt.u).Encode(); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		if got := string(AppendForm([]byte("before "), tt.u)); got != "before "+tt.want {
			t.Errorf("%s: AppendForm gives %s", tt.name, got)
		}
	}
}

// A field that the status does not take stays out, whatever the Update holds:
// sent empty or filled, it would be signed, and might be obeyed.
func TestFormFieldsPerStatus(t *testing.T) {
	want := map[batch.Status]signer.Form{
		batch.Sent:   {{Name: "bill_id", Value: "5"}, {Name: "status", Value: "sent"}, {Name: "date", Value: "1362254400"}, {Name: "rpo", Value: "X"}},
		batch.Paid:   {{Name: "bill_id", Value: "5"}, {Name: "status", Value: "paid"}, {Name: "date", Value: "1362254400"}},
		batch.Return: {{Name: "bill_id", Value: "5"}, {Name: "status", Value: "return"}},
		batch.Cancel: {{Name: "bill_id", Value: "5"}, {Name: "status", Value: "cancel"}},
	}
	for _, s := range batch.Statuses {
		got := Form(batch.Update{Bill: 5, Status: s, Date: 1362254400, RPO: "X"})
		if diff := cmp.Diff(want[s], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
	}
}

func TestDetailsForm(t *testing.T) {
	for bill, want := range map[uint64]string{
		1: "bill_id=1", 100000: "bill_id=100000", 999999999999999999: "bill_id=999999999999999999",
	} {
		if got := DetailsForm(bill).Encode(); got != want {
			t.Errorf("DetailsForm(%d) = %s, want %s", bill, got, want)
		}
	}
}

// The names are part of an address whose case matters.
func TestFunctionNames(t *testing.T) {
	if Update != "UpdateOrderStatus" || Details != "getOrderDetails" {
		t.Errorf("the functions are %s and %s", Update, Details)
	}
}

package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestReadOrder(t *testing.T) {
	for _, record := range table(t, "orders.tsv", 4) {
		bill, payment, paid, result := record[0], record[1], record[2], record[3]
		got, err := ReadOrder([]byte(result))
		if bill == "error" {
			if err == nil || err.Error() != "reading an order: "+paid || got != (Order{}) {
				t.Errorf("%s:\n got %+v, %v\nwant %s", result, got, err, paid)
			}
			continue
		}
		if shown := fmt.Sprintf("%d %s %d", got.Bill, got.Payment, got.Paid); err != nil || shown != bill+" "+payment+" "+paid {
			t.Errorf("%s:\n got %s, %v\nwant %s %s %s", result, shown, err, bill, payment, paid)
		}
	}
}

// What stands in no line of text: nothing at all, line ends, bytes that are not
// text, and nesting without an end.
func TestReadOrderOddBytes(t *testing.T) {
	for name, result := range map[string][]byte{
		"nil": nil, "nothing": {}, "blank": []byte(" \n"), "a NUL": {0}, "a mark first": []byte("\ufeff{\"pay_status\":\"paid\"}"),
		"deep": []byte(`{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"pay_status":"paid"}`),
	} {
		if o, err := ReadOrder(result); !errors.Is(err, errOrder) || o != (Order{}) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
	o, err := ReadOrder([]byte("[\n{\"pay_status\":\r\n\"p\xff\",\t\"id\":\n7}\n]"))
	if want := (Order{Bill: 7, Payment: "p\ufffd"}); err != nil || o != want {
		t.Errorf("%+v, %v; want %+v", o, err, want)
	}
}

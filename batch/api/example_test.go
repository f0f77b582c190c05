package api_test

import (
	"fmt"
	"time"

	"billmark/batch"
	"billmark/batch/api"
)

func ExampleForm() {
	for _, u := range []batch.Update{
		{Bill: 100000, Status: batch.Sent, Date: 1362254400, RPO: "10000000000000"},
		{Bill: 100000, Status: batch.Paid, Date: 1362254400},
		{Bill: 100000, Status: batch.Cancel},
	} {
		fmt.Println(api.Form(u).Encode())
	}
	// Output:
	// bill_id=100000&status=sent&date=1362254400&rpo=10000000000000
	// bill_id=100000&status=paid&date=1362254400
	// bill_id=100000&status=cancel
}

func ExampleParseBill() {
	for _, text := range []string{"100000", "100 000", "1.00E+05", "#1001"} {
		bill, err := api.ParseBill(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("order", bill)
	}
	// Output:
	// order 100000
	// the order number is written in groups of digits; write it without blanks, commas or points
	// the order number is not a whole number; a spreadsheet may have shortened it, and its last digits are lost: fetch it anew from where it came, with the column formatted as text
	// the order number begins with #, as a shop's own numbers do; give the service's number, digits only
}

func ExampleParseDate() {
	for _, text := range []string{"1362254400", "1362254400000", "2013-03-03"} {
		date, err := api.ParseDate(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(time.Unix(date, 0).UTC())
	}
	// Output:
	// 2013-03-02 20:00:00 +0000 UTC
	// the date has 13 digits, which are milliseconds; unix seconds are 10 digits: leave out the last 3
	// the date is not in unix seconds, which are 10 digits; say --date-format
}

// A fault refuses a tracking number, a doubt only warns.
func ExampleCheckRPO() {
	for _, text := range []string{"RR123456785RU", "RR123456789RU", "1.35801E+13"} {
		switch err := api.CheckRPO(text); {
		case err != nil:
			fmt.Println("refused:", err)
		case api.RPODoubt(text) != "":
			fmt.Println("sent all the same:", api.RPODoubt(text))
		default:
			fmt.Println("sent")
		}
	}
	// Output:
	// sent
	// sent all the same: the tracking number's last digit does not fit the others (international number); a digit may be wrong: compare it with the carrier's
	// refused: the tracking number is not a whole number; a spreadsheet may have shortened it, and its last digits are lost: fetch it anew from where it came, with the column formatted as text
}

func ExampleJudge() {
	for _, code := range []string{"0", "200", "4", "999"} {
		v := api.Judge(code)
		fmt.Printf("%s: %s, stop: %t: %s\n", code, v.Class, v.Stop, api.Words(code, "en"))
	}
	// Output:
	// 0: confirmed, stop: false: done
	// 200: rejected, stop: false: there is no such order
	// 4: unsent, stop: true: the API does not accept this login or key
	// 999: rejected, stop: false: the API said no, with the unknown code 999
}

// An order that was read back decides what became of a payment, or does not.
func ExampleSettle() {
	update := batch.Update{Bill: 100000, Status: batch.Paid, Date: 1362254400}
	for _, result := range []string{
		`{"id":"100000","pay_status":"paid","paid":"1362254400"}`,
		`{"id":"100000","pay_status":"waiting","paid":null}`,
		`{"id":"100000","pay_status":"paid","paid":"1362250000"}`,
	} {
		order, err := api.ReadOrder([]byte(result))
		if err != nil {
			fmt.Println(err)
			continue
		}
		class, words, ok := api.Settle(update, order, 15*time.Minute)
		if !ok {
			fmt.Println("still in doubt:", words)
			continue
		}
		fmt.Printf("%s: %s\n", class, words)
	}
	// Output:
	// confirmed: the order is paid, with this date
	// unsent: the order is not paid
	// still in doubt: the order is paid, but with another date (2013-03-02T18:46:40Z)
}

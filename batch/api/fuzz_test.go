package api

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"billmark/batch"
	"billmark/signer"
)

// addTexts seeds a target with the texts of all tables, for what troubles one
// field may trouble another. The longest are left to the tables: a fuzzer spends
// its time on making them shorter.
func addTexts(f *testing.F) {
	for _, table := range append(billFaults(), lengthFaults, dateFaults, rpoFaults) {
		for _, fault := range table {
			if len(fault.text) <= 64 {
				f.Add(fault.text)
			}
		}
	}
	for _, record := range table(f, "tracking.tsv", 3) {
		f.Add(record[0])
	}
	f.Add("100000")
	f.Add("1362254400")
}

var billShape = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

func FuzzParseBill(f *testing.F) {
	addTexts(f)
	known := shapes(theBill, billFaults()...)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseBill(text)
		switch {
		case (err == nil) != billShape.MatchString(text):
			t.Errorf("ParseBill(%q) = %d, %v", text, n, err)
		case err != nil && n != 0:
			t.Errorf("ParseBill(%q) gives %d with its error", text, n)
		case err != nil:
			checkShape(t, known, text, err.Error())
		default:
			checkSent(t, batch.Update{Bill: n, Status: batch.Cancel}, signer.Form{{Name: "bill_id", Value: text}, {Name: "status", Value: "cancel"}})
		}
	})
}

var dateShape = regexp.MustCompile(`^[1-9][0-9]{9}$`)

func FuzzParseDate(f *testing.F) {
	addTexts(f)
	known := shapes(theDate, lengthFaults, dateFaults)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseDate(text)
		switch {
		case (err == nil) != dateShape.MatchString(text):
			t.Errorf("ParseDate(%q) = %d, %v", text, n, err)
		case err != nil && n != 0:
			t.Errorf("ParseDate(%q) gives %d with its error", text, n)
		case err != nil:
			checkShape(t, known, text, err.Error())
		default:
			checkSent(t, batch.Update{Bill: 1, Status: batch.Paid, Date: n},
				signer.Form{{Name: "bill_id", Value: "1"}, {Name: "status", Value: "paid"}, {Name: "date", Value: text}})
		}
	})
}

// checkSent posts an update, and reads the body as the service would.
func checkSent(t *testing.T, u batch.Update, want signer.Form) {
	t.Helper()
	posted := AppendForm(nil, u)
	if encoded := Form(u).Encode(); string(posted) != encoded {
		t.Errorf("AppendForm(%+v) = %s, Form gives %s", u, posted, encoded)
	}
	got, err := signer.ParseForm(posted)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%+v is sent as %v, %v", u, got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v is sent as %v", u, got[i])
		}
	}
}

// phpTrims is what PHP's trim takes off; phpEmpty is what is empty to it.
const phpTrims = " \t\n\r\x00\x0b"

func phpEmpty(text string) bool {
	text = strings.Trim(text, phpTrims)
	return text == "" || text == "0"
}

func FuzzCheckRPO(f *testing.F) {
	addTexts(f)
	known := shapes(theRPO, rpoFaults)
	warnings := map[string]bool{}
	for _, doubt := range doubts {
		warnings[doubt] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		if doubt := RPODoubt(text); !warnings[doubt] {
			t.Errorf("RPODoubt(%q) says what is in no table: %q", text, doubt)
		}
		if err := CheckRPO(text); err != nil {
			checkShape(t, known, text, err.Error())
			return
		}
		hidden := func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) || r == utf8.RuneError }
		if phpEmpty(text) || len(text) > 255 || !utf8.ValidString(text) || strings.ContainsFunc(text, hidden) {
			t.Errorf("CheckRPO(%q) lets it pass", text)
		}
		checkSent(t, batch.Update{Bill: 1, Status: batch.Sent, Date: ourDate, RPO: text}, signer.Form{
			{Name: "bill_id", Value: "1"},
			{Name: "status", Value: "sent"},
			{Name: "date", Value: strconv.Itoa(ourDate)},
			{Name: "rpo", Value: text},
		})
	})
}

// plainOrder reads an order by other means: the standard library's own, which
// takes the last of two members of a name.
func plainOrder(result []byte) (Order, bool) {
	var list []map[string]any
	if unmarshal(result, &list) != nil || len(list) != 1 {
		var one map[string]any
		if unmarshal(result, &one) != nil {
			return Order{}, false
		}
		list = []map[string]any{one}
	}
	payment, _ := list[0]["pay_status"].(string)
	payment = strings.ToLower(strings.TrimSpace(payment))
	bill, billOK := plainNumber(list[0]["id"])
	paid, paidOK := plainNumber(list[0]["paid"])
	if payment == "" || !billOK || !paidOK {
		return Order{}, false
	}
	return Order{Bill: uint64(bill), Payment: payment, Paid: paid}, true
}

func unmarshal(result []byte, into any) error {
	if !json.Valid(result) {
		return errors.New("not one JSON text")
	}
	d := json.NewDecoder(strings.NewReader(string(result)))
	d.UseNumber()
	return d.Decode(into)
}

func plainNumber(value any) (int64, bool) {
	var text string
	switch v := value.(type) {
	case nil:
		return 0, true
	case bool:
		return 0, !v
	case json.Number:
		text = v.String()
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return 0, true
		}
	default:
		return 0, false
	}
	if text != "0" && !billShape.MatchString(text) {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func FuzzReadOrder(f *testing.F) {
	known := map[string]bool{}
	for _, record := range table(f, "orders.tsv", 4) {
		f.Add([]byte(record[3]))
		if record[0] == "error" {
			known[shape("reading an order: "+record[2])] = true
		}
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		o, err := ReadOrder(result)
		want, ok := plainOrder(result)
		switch {
		case err != nil && !known[shape(err.Error())]:
			t.Errorf("%q: the error is in no table: %v", result, err)
		case err != nil && ok && !strings.HasSuffix(err.Error(), " comes twice"):
			t.Errorf("%q is an order: %v", result, err)
		case err == nil && (!ok || o != want):
			t.Errorf("%q is %+v, %t; not %+v", result, want, ok, o)
		}
		for _, s := range batch.Statuses {
			for _, age := range []time.Duration{0, time.Hour} {
				checkSettle(t, doubtful(s), o, age)
			}
		}
	})
}

package api

import (
	"testing"

	"billmark/batch"
)

// accepted is what nearly every row holds: it must cost nothing but time.
var accepted = []struct {
	name, text string
	read       func(string) error
}{
	{"bill", "100000", func(s string) error { _, err := ParseBill(s); return err }},
	{"bill-18", "999999999999999999", func(s string) error { _, err := ParseBill(s); return err }},
	{"date", "1362254400", func(s string) error { _, err := ParseDate(s); return err }},
	{"rpo-domestic", "13580104261810", CheckRPO},
	{"rpo-s10", "EE123456785RU", CheckRPO},
	{"rpo-lower", "ee123456785ru", CheckRPO},
	{"rpo-cyrillic", "СДЭК-1234567890", CheckRPO},
	{"doubt-domestic", "13580104261810", noDoubt},
	{"doubt-s10", "EE123456785RU", noDoubt},
	{"doubt-cyrillic", "СДЭК-1234567890", noDoubt},
	{"doubt-found", "10000000000000", func(s string) error { RPODoubt(s); return nil }},
}

type doubted string

func (d doubted) Error() string { return string(d) }

func noDoubt(text string) error {
	if doubt := RPODoubt(text); doubt != "" {
		return doubted(doubt)
	}
	return nil
}

func TestAcceptedValuesAllocateNothing(t *testing.T) {
	for _, a := range accepted {
		if err := a.read(a.text); err != nil {
			t.Errorf("%s: %q: %v", a.name, a.text, err)
		}
		if n := testing.AllocsPerRun(100, func() { a.read(a.text) }); n != 0 {
			t.Errorf("%s: %v allocations", a.name, n)
		}
	}
}

func BenchmarkAccepted(b *testing.B) {
	for _, a := range accepted {
		b.Run(a.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := a.read(a.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRefused(b *testing.B) {
	for name, text := range map[string]string{"grouped": "100 000", "shortened": "1.00E+05", "letters": "12345abc"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseBill(text); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}

func TestAppendFormAllocatesNothing(t *testing.T) {
	var dst []byte
	u := batch.Update{Bill: 100000, Status: batch.Sent, Date: 1362254400, RPO: "10000000000000"}
	if n := testing.AllocsPerRun(100, func() { dst = AppendForm(dst[:0], u) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkForm(b *testing.B) {
	var dst []byte
	u := batch.Update{Bill: 100000, Status: batch.Sent, Date: 1362254400, RPO: "10000000000000"}
	b.ReportAllocs()
	for b.Loop() {
		if dst = AppendForm(dst[:0], u); len(dst) == 0 {
			b.Fatal("nothing was appended")
		}
	}
}

func BenchmarkReadOrder(b *testing.B) {
	result := []byte(`{"id":"100000","created":"1362000000","pay_status":"paid","paid":"1362254400","items":[{"id":"book"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadOrder(result); err != nil {
			b.Fatal(err)
		}
	}
}

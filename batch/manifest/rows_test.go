package manifest

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"billmark/batch"
)

// batchMark is the first row.
var batchMark batch.Mark

// corpus is the folder of files that look like real ones.
const corpus = "../../testdata/manifest/corpus"

const head = "bill_id,status,date,rpo\n"

func TestRows(t *testing.T) {
	for _, test := range []struct {
		name, data string
		o          Options
		want       []string
	}{
		{"all statuses", head + "100000,sent,1362254400,10000000000000\n100001,paid,1362254400,\n100002,return,,\n100003,cancel,,\n", Options{}, []string{
			"sent of bill 100000 at 1362254400 with 10000000000000 (the tracking number ends in many zeros; a spreadsheet may have rounded it: compare it with the carrier's)",
			"paid of bill 100001 at 1362254400", "return of bill 100002", "cancel of bill 100003",
		}},
		{"in quotes", "\"bill_id\",\"status\",\"date\",\"rpo\"\n\"5\",\"sent\",\"1362254400\",\"A1 \"\"B\"\"\"\n", Options{}, []string{`sent of bill 5 at 1362254400 with A1 "B"`}},
		{"other columns first, and doubled", "x,rpo,x,status,,bill_id,date\n,AB1,\"a,b\",SENT,,7,1362254400\n", Options{}, []string{"sent of bill 7 at 1362254400 with AB1"}},
		{"carriage returns", "bill_id,status\r\n1,cancel\r\n2,return\r\n", Options{}, []string{"cancel of bill 1", "return of bill 2"}},
		{"mixed line ends", "bill_id,status\n1,cancel\r\n2,return\n3,cancel\r\n", Options{}, []string{"cancel of bill 1", "return of bill 2", "cancel of bill 3"}},
		{"as on old Macs", "bill_id,status,note\r1,cancel,a\r\r2,return,\"x\"\r", Options{}, []string{"cancel of bill 1", "return of bill 2"}},
		{"no end of the last line", "bill_id,status\n1,cancel\n2,return", Options{}, []string{"cancel of bill 1", "return of bill 2"}},
		{"half an end of the last line", "bill_id,status\n1,cancel\r", Options{}, []string{"cancel of bill 1"}},
		{"blank lines", "\n\r\nbill_id,status\n\n\n1,cancel\n\r\n2,return\n\n\r", Options{}, []string{"cancel of bill 1", "return of bill 2"}},
		{"no rows", head, Options{}, []string{}},
		{"no rows, nor a line end", "bill_id,status", Options{}, []string{}},
		{"blank lines only", head + "\n\n\r\n", Options{}, []string{}},
		{"short and long rows", head + "1,cancel\n2,cancel,,,\n3,cancel,,\n", Options{}, []string{
			"the row has 2 cells, the header 4: is a delimiter missing, or not in quotes?", "the row has 5 cells, the header 4: is a delimiter missing, or not in quotes?", "cancel of bill 3",
		}},
		{"one cell", head + "1\n", Options{}, []string{"the row has 1 cell, the header 4: is a delimiter missing, or not in quotes?"}},
		{"a line in quotes as a whole", head + "\"1,cancel,,\"\n", Options{}, []string{"the row has 1 cell, the header 4: is a delimiter missing, or not in quotes?"}},
		{"empty rows", head + ",,,\n   \n\"\",\"\",\"\",\"\"\n , ,\t,\u00a0\n1,cancel,,\n", Options{}, []string{
			"the row is empty; take it out", "the row is empty; take it out", "the row is empty; take it out", "the row is empty; take it out", "cancel of bill 1",
		}},
		{"the mark at the end of old files", head + "1,cancel,,\n\x1a", Options{}, []string{"cancel of bill 1", "the row is a mark with which old programs end a file; take it out"}},
		{"bare quotes", head + "1,cancel,,5\" pipe\n2,cancel,,\"5\" pipe\"\n3,cancel,,\"a\"b\n4,cancel,,\n", Options{}, []string{
			"a quote stands where none can be; double it where it is part of the text, or take it out",
			"a quote stands where none can be; double it where it is part of the text, or take it out",
			"a quote stands where none can be; double it where it is part of the text, or take it out", "cancel of bill 4",
		}},
		{"a second header", head + "1,cancel,,\n" + head, Options{}, []string{
			"cancel of bill 1", "bill_id: the order number contains letters; it is digits only: is this the right column? | status: this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=status",
		}},
		{"all fields wrong at once", head + "007,sent,13622544000,0\n", Options{}, []string{
			"bill_id: the order number has a leading zero, which the service would drop; is this the right column? | date: the date has 11 digits; unix seconds are exactly 10: is this the right column? | rpo: the tracking number is 0, which the service takes for none; fill in the carrier's number",
		}},
		{"set", "bill_id\n1\n2\n", Options{Set: map[string]string{"status": " Paid ", "date": "2026-05-06"}}, []string{"paid of bill 1 at 1778068800", "paid of bill 2 at 1778068800"}},
		{"set over columns", head + "1,cancel,x,y\n", Options{Set: map[string]string{"status": "sent", "date": "13.05.2026 10:00", "rpo": " A1 "}}, []string{"sent of bill 1 at 1778666400 with A1"}},
		{"set, future", "bill_id\n1\n", Options{Set: map[string]string{"status": "paid", "date": "2026-12-31"}}, []string{"paid of bill 1 at 1798718400 (the date is in the future; is the year right, and the day not taken for the month?)"}},
		{"set, and an empty row", "bill_id,note\n1,\n,\n", Options{Set: map[string]string{"status": "cancel"}}, []string{"cancel of bill 1", "the row is empty; take it out"}},
		{"words", "bill_id,status,date\n1,Completed,1362254400\n2, COMPLETED ,1362254400\n3,отменён,\n4,Cancel,\n5,void,\n", Options{Words: map[string]string{"completed": "paid", "Отменён": "Cancel"}}, []string{
			"paid of bill 1 at 1362254400", "paid of bill 2 at 1362254400", "cancel of bill 3", "cancel of bill 4",
			"status: this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=void",
		}},
		{"statuses that are none", "bill_id,status\n1,cansel\n2,Cancelled\n3,unpaid\n4,Отправлен\n5,раid\n6,pa\u200bid\n7,\"pa\tid\"\n8,\n9,оплачено полностью\n", Options{}, []string{
			"status: this is no status; is it cancel? Then mend the row, or say --word cancel=cansel",
			"status: this is no status; if it means cancel, say --word cancel=Cancelled",
			"status: this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=unpaid",
			"status: this is no status; if it means sent, say --word sent=\"Отправлен\"",
			"status: this looks like paid, but some of its letters are of another alphabet; type it anew",
			"status: an invisible character stands in the status; type it anew",
			"status: a control character, such as a tab or a line end, stands in the status; type it anew",
			"status: the status is empty; fill it in",
			"status: this is no status; if it means paid, say --word paid=\"оплачено полностью\"",
		}},
		{"where", "bill_id,status,Type,City\n1,cancel,Sale,A\n2,cancel,Refund,A\n3,cancel, Sale ,B\n4,nonsense,Refund,\n5,cancel,sale,A\n", Options{Where: []Condition{{"type", "Sale"}}}, []string{
			"cancel of bill 1", "skipped", "cancel of bill 3", "skipped", "skipped",
		}},
		{"where, several values and columns", "bill_id,status,Type,City\n1,cancel,Sale,A\n2,cancel,Refund,A\n3,cancel,Sale,B\n4,cancel,Gift,A\n", Options{Where: []Condition{{"Type", "Sale"}, {"City", "A"}, {"Type", "Refund"}}}, []string{
			"cancel of bill 1", "cancel of bill 2", "skipped", "skipped",
		}},
		{"where, and rows that cannot be judged", "bill_id,status,Type\n1,cancel,Sale\n2,cancel,a,Sale\n3,cancel,5\"\n,,\n  \n", Options{Where: []Condition{{"Type", "Sale"}}}, []string{
			"cancel of bill 1", "the row has 4 cells, the header 3: is a delimiter missing, or not in quotes?", "a quote stands where none can be; double it where it is part of the text, or take it out", "skipped", "skipped",
		}},
		{"skip", "Report of May\n\"two, lines\"\nbill_id,status\n1,cancel\n", Options{Skip: 2}, []string{"cancel of bill 1"}},
		{"skip a line that names the delimiter, too", "sep=;\nReport\nbill_id;status\n1;cancel\n", Options{Skip: 2}, []string{"cancel of bill 1"}},
		{"before", "My shop\n\nReport of May,,\n,Date,bill_id,status\n,x,1,cancel\n", Options{Before: "Date"}, []string{"cancel of bill 1"}},
		{"before, in quotes", "My shop\n\"bill_id\",\"status\"\n1,cancel\n", Options{Before: "bill_id,status"}, []string{"cancel of bill 1"}},
		{"footer", "bill_id,status,sum\n1,cancel,5\n,TOTAL,5\n9,cancel,5\nend\n", Options{Footer: "TOTAL"}, []string{"cancel of bill 1", "skipped", "skipped", "skipped"}},
		{"footer at once", "bill_id,status,sum\nTOTAL,0\n", Options{Footer: "TOTAL"}, []string{"skipped"}},
		{"line breaks inside, allowed", "bill_id,status,note\n1,cancel,\"a\nb\r\nc\"\n2,\"can\ncel\",x\n3,cancel,\"a\rb\"\n4,cancel,y\n", Options{Multiline: true}, []string{
			"cancel of bill 1", "status: a control character, such as a tab or a line end, stands in the status; type it anew", "cancel of bill 3", "cancel of bill 4",
		}},
		{"line breaks inside a header, allowed", "\"bill\n_id\",status\n1,cancel\n", Options{Multiline: true}, []string{"cancel of bill 1"}},
		{"line breaks inside the first cell", "note,bill_id,status\n\"a\n5,b\",1,cancel\n\"5\n\n7\",2,cancel\n", Options{Multiline: true}, []string{"cancel of bill 1", "cancel of bill 2"}},
		{"one column", "bill_id\n1\n2\n", Options{Set: map[string]string{"status": "return"}}, []string{"return of bill 1", "return of bill 2"}},
		{"needs no column of what no row takes", "bill_id,status\n1,return\n", Options{}, []string{"return of bill 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, rows := whole(t, test.data, test.o)
			if diff := cmp.Diff(test.want, allFacts(rows)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRowsRefused(t *testing.T) {
	const (
		once  = "close the quote, or take it out"
		multi = "close the quote where the cell ends; say --multiline if the line break is meant"
	)
	for _, test := range []struct {
		name, data    string
		o             Options
		message, hint string
	}{
		{"a quote not closed", head + "1,cancel,,\"x\n2,cancel,,\n", Options{}, "line 2: a quote is opened and never closed", once},
		{"a quote not closed, on the last line", head + "1,cancel,,x\n\n2,cancel,,\"", Options{}, "line 4: a quote is opened and never closed", once},
		{"a quote not closed, line breaks allowed", head + "1,cancel,,\"x\n2,cancel,,\n", Options{Multiline: true}, "line 2: a quote is opened and never closed", once},
		{"a quote that the next row closes", head + "1,cancel,,\"x\n2,cancel,,y\"\n", Options{}, "line 2: a quote is not closed on its line, or a line break stands inside a cell", multi},
		{"a quote that the next row opens", head + "1,cancel,,\"x\n2,cancel,,\"y\"\n", Options{}, "line 2: a quote is not closed on its line, or a line break stands inside a cell", multi},
		{"a quote that the next row opens, line breaks allowed", head + "1,cancel,,\"x\n2,cancel,,\"y\"\n", Options{Multiline: true}, "lines 2 to 3: a quote stands where none can be", "mend the quotes"},
		{"a row inside a cell, line breaks allowed", head + "1,cancel,,\"x\n2,cancel,,y\n3,cancel,,z\"\n", Options{Multiline: true}, "lines 2 to 4: a whole row seems to stand inside a cell; is a quote not closed?", "close the quote where its cell ends"},
		{"a line break inside a cell", head + "1,cancel,,\"x\ny\"\n", Options{}, "line 2: a quote is not closed on its line, or a line break stands inside a cell", multi},
		{"a carriage return inside a cell", head + "1,cancel,,\"x\ry\"\n", Options{}, "line 2: a carriage return, which is half of a line end, stands in the middle of the line", "save it anew as CSV; say --multiline if it stands inside quotes and is meant"},
		{"a carriage return between rows", "bill_id,note,status\n5,x\r6,cancel\n", Options{}, "line 2: a carriage return, which is half of a line end, stands in the middle of the line", "save it anew as CSV; say --multiline if it stands inside quotes and is meant"},
		{"a carriage return between rows, line breaks allowed", "bill_id,note,status\n5,x\r6,cancel\n", Options{Multiline: true}, "line 2: a carriage return, which is half of a line end, stands in the middle of the line", "save it anew as CSV"},
		{"doubled carriage returns", "bill_id,status\n1,cancel\r\r\n", Options{}, "line 2: a carriage return, which is half of a line end, stands in the middle of the line", "save it anew as CSV; say --multiline if it stands inside quotes and is meant"},
		{"a bare quote, and one that opens", head + "1,x\"y,,\"note\n2,paid,1362254400,x\nend\"\n", Options{}, "line 2: a quote stands where none can be, and it is not certain where the row ends", "mend the quotes"},
		{"text after a quote, and one that opens", head + "1,\"x\"y,,\"\n2,cancel,,\n", Options{}, "line 2: a quote stands where none can be, and it is not certain where the row ends", "mend the quotes"},
		{"text after a quote, and a later line that may be the end", head + "1,cancel,,\"a\"b\n2,cancel,,x\nend\"\n", Options{}, "line 4: a quote stands where none can be, which may be the end of what is opened on line 2", "mend the quotes"},
		{"text after a quote, and too few cells", head + "1,\"a\"b\n2,cancel,,x\n", Options{}, "line 2: a quote stands where none can be, and it is not certain where the row ends", "mend the quotes"},
		{"a line break in a header's cell, as read by quotes", "bill_id,status,\"a\nb\"\n1,cancel,x\n", Options{}, "line 1: a quote is not closed on its line, or a line break stands inside a cell", multi},
		{"a record over 1 MiB", head + "1,cancel,,\n\n2,cancel,," + strings.Repeat("x", maxRecord) + "\n3,cancel,,\n", Options{}, "line 4: the row that begins there is longer than 1 MiB", "is a quote opened there and not closed, or is this no CSV file?"},
		{"the first record over 1 MiB", head + "1,cancel,," + strings.Repeat("x", 3*maxRecord) + "\n", Options{}, "line 2: the row that begins there is longer than 1 MiB", "is a quote opened there and not closed, or is this no CSV file?"},
		{"a record over 1 MiB with a bare quote", head + "1,can\"cel,," + strings.Repeat("x", 3*maxRecord) + ",\n2,cancel,,\n", Options{}, "line 2: the row that begins there is longer than 1 MiB", "is a quote opened there and not closed, or is this no CSV file?"},
		{"a record over 1 MiB of lines", head + "1,cancel,,\"" + strings.Repeat("x\n", maxRecord) + "\"\n", Options{Multiline: true}, "line 2: the row that begins there is longer than 1 MiB", "is a quote opened there and not closed, or is this no CSV file?"},
		{"a header over 1 MiB", "bill_id," + strings.Repeat("x", maxRecord) + "\n", Options{}, "line 1: the header is longer than 1 MiB", "is it the right file? The first line must name the columns"},
		{"no column for the date", "bill_id,status,rpo\n1,cancel,\n\n2,paid,\n", Options{}, "line 4 is paid, which needs the date: no column for date (the header has: bill_id, status, rpo)", "say --column date=HEADER, or --set date=DATE if it is the same for all rows"},
		{"no column for the tracking number", "bill_id,status,date,parcel\n1,sent,1362254400,x\n", Options{}, "line 2 is sent, which needs the rpo: no column for rpo (the header has: bill_id, status, date, parcel)", "say --column rpo=parcel"},
		{"fewer lines than are left out", "bill_id,status\n", Options{Skip: 1}, "the file has no lines after those that are left out", "is the profile the right one?"},
		{"far fewer lines", "bill_id,status\n", Options{Skip: 3}, "the file has no more than 3 lines", "is the profile the right one?"},
		{"no line that begins so", "bill_id,status\n1,cancel\n", Options{Before: "Date"}, `no line begins with "Date", as the header should`, "is the profile the right one?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := refused(t, test.data, test.o); err.Message != test.message || err.Hint != test.hint {
				t.Errorf("got\n%s\n%s\ninstead of\n%s\n%s", err.Message, err.Hint, test.message, test.hint)
			}
		})
	}
}

// A record of exactly 1 MiB is read.
func TestRecordOfFullLength(t *testing.T) {
	row := "1,cancel,,"
	row += strings.Repeat("x", maxRecord-len(row)-1) + "\n"
	_, rows := whole(t, head+row+"2,cancel,,\n", Options{})
	if len(rows) != 2 || rows[1].Update.Bill != 2 {
		t.Errorf("there are %d rows", len(rows))
	}
}

// So many blank lines are not kept, but counted.
func TestManyBlankLines(t *testing.T) {
	_, rows := whole(t, head+strings.Repeat("\n\r\n", maxRecord/2)+"1,cancel,,\n", Options{})
	if len(rows) != 1 || rows[0].Line != maxRecord+2 {
		t.Errorf("the rows are %v", rows)
	}
	_, rows = whole(t, in(littleEndian, "\ufeff"+head+strings.Repeat("\n", 2*maxRecord)+"1,cancel,,\n2,cancel,,\n"), Options{})
	if len(rows) != 2 || rows[1].Line != 2*maxRecord+3 {
		t.Errorf("the rows are %v", rows)
	}
}

func TestRowInFull(t *testing.T) {
	const data = "Order Number;Имя;Status;Date;Tracking\r\n\r\n 5 ;\"a;\"\"b\"\"\r\nc\";Paid;1362254400;X1\r\n6;;sent;2099-01-01; \r\n"
	o := Options{Multiline: true, Columns: map[string]string{"bill_id": "Order Number"}}
	for _, encoded := range []string{data, in(littleEndian, "\ufeff"+data)} {
		_, rows := whole(t, encoded, o)
		wide := 1
		offset := int64(len("Order Number;Имя;Status;Date;Tracking\r\n\r\n"))
		if encoded != data {
			wide, offset = 2, 2+2*(offset-3) // three letters have two bytes each in UTF-8
		}
		first := kept{
			Number: 1, Line: 3, Offset: offset, Raw: data[44 : 44+44-wide*0], Cells: []string{" 5 ", "a;\"b\"\r\nc", "Paid", "1362254400", "X1"},
			Update: batch.Update{Bill: 5, Status: batch.Paid, Date: 1362254400}, Unused: 1, Trimmed: 1,
		}
		second := kept{
			Number: 2, Line: 5, Cells: []string{"6", "", "sent", "2099-01-01", " "}, Update: batch.Update{Bill: 6}, Trimmed: 1,
			Faults: []batch.Fault{{Row: 2, Line: 5, Column: "Tracking", Value: " ", Message: "the tracking number is empty; fill it in"}},
		}
		first.Raw, first.Offset = rows[0].Raw, offset // held against the file by whole
		second.Raw, second.Offset = rows[1].Raw, offset+int64(len(rows[0].Raw))
		if diff := cmp.Diff([]kept{first, second}, rows); diff != "" {
			t.Error(diff)
		}
	}
}

// What a row names that is broken holds later rows of that bill.
func TestBrokenRowsKeepTheirBill(t *testing.T) {
	_, rows := whole(t, head+"1,cancel\n2,cancel,,5\"\n\"3\"x,cancel,,\n4x,cancel,,,\n005,cancel,,\n 6 ,foo,,\n", Options{})
	var bills []uint64
	for _, r := range rows {
		if len(r.Faults) == 0 {
			t.Errorf("line %d has no fault", r.Line)
		}
		bills = append(bills, r.Update.Bill)
		if r.Update != (batch.Update{Bill: r.Update.Bill}) {
			t.Errorf("line %d asks for %v", r.Line, r.Update)
		}
	}
	if diff := cmp.Diff([]uint64{1, 2, 0, 0, 0, 6}, bills); diff != "" {
		t.Error(diff)
	}
}

func TestHeaderRaw(t *testing.T) {
	for _, test := range []struct {
		name, raw, rest string
		o               Options
	}{
		{"plain", "bill_id,status\n", "1,cancel\n", Options{}},
		{"mark, blank lines, carriage returns", "\ufeff\r\n\r\nbill_id,status\r\n", "\r\n1,cancel\r\n", Options{}},
		{"the delimiter's line", "sep=;\nbill_id;status\n", "1;cancel\n", Options{}},
		{"titles", "May\n\nbill_id,status\n", "1,cancel\n", Options{Skip: 2}},
		{"utf-16", in(littleEndian, "\ufeffbill_id,status,Имя\n"), in(littleEndian, "1,cancel,Ё\n"), Options{}},
		{"windows-1251", in(charmap.Windows1251, "bill_id,status,Имя получателя\n"), in(charmap.Windows1251, "1,cancel,Ё\n"), Options{}},
		{"old Macs", "bill_id,status\r", "1,cancel\r", Options{}},
		{"no line end", "bill_id,status", "", Options{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := whole(t, test.raw+test.rest, test.o)
			if got := string(f.HeaderRaw()); got != test.raw {
				t.Errorf("got %q instead of %q", got, test.raw)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	_, rows := whole(t, head+" 1,cancel ,1362254400,\n2,sent,1362254400,A\u00a0\n3,paid,1362254400,A\n4,return,x,y\n5,cancel,,  \n", Options{})
	var got [][2]int
	for _, r := range rows {
		got = append(got, [2]int{r.Trimmed, r.Unused})
	}
	if diff := cmp.Diff([][2]int{{2, 1}, {1, 0}, {0, 1}, {0, 2}, {1, 0}}, got); diff != "" {
		t.Error(diff)
	}
}

// endless gives a text over and over, as if it were a file.
type endless struct {
	head, again string
	size        int64
}

func (e endless) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	for n < len(p) && offset < e.size {
		text := e.again
		if offset < int64(len(e.head)) {
			text = e.head[offset:]
		} else {
			text = text[(offset-int64(len(e.head)))%int64(len(text)):]
		}
		m := copy(p[n:], text[:min(int64(len(text)), e.size-offset)])
		n, offset = n+m, offset+int64(m)
	}
	if offset >= e.size {
		return n, io.EOF
	}
	return n, nil
}

// Whatever a file holds, it is read in memory that does not grow with it.
func TestMemoryIsBounded(t *testing.T) {
	const long, short = 64 << 20, 12 << 20
	for _, test := range []struct {
		name, head, again string
		size, most        int64
		message           string
	}{
		{"no line end at all", "", "x", long, 32 << 20, "line 1: the header is longer than 1 MiB"},
		{"no line end after the header", head, "x", long, 32 << 20, "line 2: the row that begins there is longer than 1 MiB"},
		{"a quote never closed", head + "1,cancel,,\"", "2,cancel,,\n", long, 32 << 20, "line 2: the row that begins there is longer than 1 MiB"},
		{"a quote never closed in the header", "bill_id,\"", "2,cancel,,\n", long, 32 << 20, "line 1: the header is longer than 1 MiB"},
		{"only delimiters", head, ",", long, 96 << 20, "line 2: the row that begins there is longer than 1 MiB"},
		{"only delimiters in the header", "", ",", long, 128 << 20, "line 1: the header is longer than 1 MiB"},
		{"only quotes", head, `"`, long, 32 << 20, "line 2: the row that begins there is longer than 1 MiB"},
		{"blank lines", head, "\n", short, 32 << 20, ""},
		{"blank lines of two bytes", head, "\r\n", short, 32 << 20, ""},
		{"rows", head, "1,cancel,,\n", short / 2, 32 << 20, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			input := endless{test.head, strings.Repeat(test.again, 1<<16), test.size + int64(len(test.head))}
			h := heap()
			f, err := Open(input, input.size, Options{Name: "x"})
			if err == nil {
				var source batch.Source
				if source, err = f.OpenAt(batch.Mark{}); err != nil {
					t.Fatal(err)
				}
				for n := 0; err == nil; n++ {
					_, err = source.Next()
					if n%500_000 == 0 {
						h.look()
					}
				}
			}
			h.look()
			var refusal *FileError
			switch {
			case test.message == "" && err != io.EOF:
				t.Errorf("it ended with %v", err)
			case test.message != "" && (!errors.As(err, &refusal) || refusal.Message != test.message):
				t.Errorf("it ended with %v", err)
			case h.grown > test.most:
				t.Errorf("the heap grew by %d bytes", h.grown)
			}
		})
	}
}

// heapGrowth is how much the heap has grown since.
type heapGrowth struct{ before, grown int64 }

func heap() *heapGrowth {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return &heapGrowth{before: int64(m.HeapInuse)}
}

func (h *heapGrowth) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.grown = max(h.grown, int64(m.HeapInuse)-h.before)
}

// Nothing comes after an error, however often somebody asks.
func TestNextAfterTheEnd(t *testing.T) {
	for _, data := range []string{head + "1,cancel,,\n", head + "1,cancel,,\n2,\"a\nb\",,\n3,cancel,,\n"} {
		f, err := opened([]byte(data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		source, err := f.OpenAt(batchMark)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := source.Next(); err != nil || r.Update.Bill != 1 {
			t.Fatal(r, err)
		}
		_, first := source.Next()
		r, again := source.Next()
		if r != nil || first == nil || again != first {
			t.Errorf("%q: after %v came %v, %v", data, first, r, again)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Passes may run side by side, and give the same rows each.
func TestPassesSideBySide(t *testing.T) {
	var b strings.Builder
	b.WriteString("bill_id,status,date,rpo,type\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "%d,sent,%02d.05.2026,X%d,%c\n", 100000+i, 1+i%31, i, 'a'+i%2)
	}
	b.WriteString("total,,,,a\n")
	f, want := whole(t, b.String(), Options{Where: []Condition{{"type", "a"}}, Footer: "total"})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			first := want[i*400]
			got, err := from(f, batch.Mark{Rows: first.Number - 1, Lines: first.Line - 1, Offset: first.Offset})
			if err != nil || !cmp.Equal(want[i*400:], got) {
				t.Errorf("pass %d differs: %v", i, err)
			}
			_ = f.DatesInWords()
		})
	}
	wg.Wait()
}

// Titles may fill what is looked at of a file, but the header is never cut.
func TestHeaderBehindLongTitles(t *testing.T) {
	titles := strings.Repeat("x", mostHead-30) + "\n"
	_, rows := whole(t, titles+"bill_id,status\n1,cancel\n", Options{Skip: 1})
	if len(rows) != 1 || rows[0].Line != 3 {
		t.Errorf("the rows are %v", rows)
	}
	if err := refused(t, titles+"bill_id,status,"+strings.Repeat("y", 50)+"\n1,cancel,\n", Options{Skip: 1}); err.Message != "line 2: the header is longer than 1 MiB" {
		t.Errorf("got %s", err.Message)
	}
}

// failing is a file on a disk that breaks.
type failing struct{ endless }

var errDisk = errors.New("the disk is broken")

func (f failing) ReadAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > 1<<18 {
		return 0, errDisk
	}
	return f.endless.ReadAt(p, offset)
}

// A disk that breaks is no fault of a row, whatever the row looks like so far.
func TestDiskFails(t *testing.T) {
	whole := endless{head, "1,cancel,,\n", 1 << 19}
	f, err := Open(whole, whole.size, Options{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	f.input = failing{whole}
	if _, err := from(f, batch.Mark{}); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(failing{whole}, whole.size, Options{Name: "x"}); !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
	quoted := endless{head, "11,can\"cel,,\n", 1 << 19}
	if f, err = Open(quoted, quoted.size, Options{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	f.input = failing{quoted}
	rows, err := from(f, batch.Mark{})
	if !errors.Is(err, errDisk) || len(rows) == 0 || !strings.HasSuffix(rows[len(rows)-1].Raw, "\n") {
		t.Errorf("got %d rows and %v", len(rows), err)
	}
	dated := endless{head, "1,paid,05.06.2026,\n", 1 << 19}
	if f, err = Open(dated, dated.size, Options{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	f.input = failing{dated}
	if rows, err := from(f, batch.Mark{}); !errors.Is(err, errDisk) || len(rows) > 0 {
		t.Errorf("got %d rows and %v", len(rows), err)
	}
}

package manifest

import (
	"errors"
	"strings"
	"testing"
)

// mapping says in one line where the fields come from.
func mapping(f *File) string {
	var parts []string
	for _, m := range f.Mapping() {
		if m.Header == "" {
			parts = append(parts, m.Field+"='"+m.Value+"'")
			continue
		}
		parts = append(parts, m.Field+"="+m.Header)
	}
	return strings.Join(parts, " ")
}

func TestHeaders(t *testing.T) {
	for _, test := range []struct{ name, header, want string }{
		{"as documented", "bill_id,status,date,rpo", "bill_id=bill_id status=status date=date rpo=rpo"},
		{"in any order", "rpo,date,status,bill_id", "bill_id=bill_id status=status date=date rpo=rpo"},
		{"among others", "name,bill_id,sum,status", "bill_id=bill_id status=status"},
		{"case", "BILL_ID,Status,DATE,Rpo", "bill_id=BILL_ID status=Status date=DATE rpo=Rpo"},
		{"spaces and dashes", " bill id ,sta-tus,RPO", "bill_id= bill id  status=sta-tus rpo=RPO"},
		{"no separator, no-break space, en dash", "billid,sta\u00a0tus,r–po", "bill_id=billid status=sta\u00a0tus rpo=r–po"},
		{"byte-order mark", "\ufeffbill_id,status", "bill_id=bill_id status=status"},
		{"byte-order mark, quoted", "\ufeff\"bill_id\",\"status\"", "bill_id=bill_id status=status"},
		{"a second mark, and zero-width signs", "\ufeff\ufeffbill_id,st\u200batus", "bill_id=\ufeffbill_id status=st\u200batus"},
		{"a carrier's", "Order - Number,Shipment - Tracking Number,Date - Shipped Date,status", "bill_id=Order - Number status=status date=Date - Shipped Date rpo=Shipment - Tracking Number"},
		{"exact beats alias", "Order Number,bill_id,Статус,status", "bill_id=bill_id status=status"},
		{"an alias with dots and signs", "Order #,Tracking No.,Status", "bill_id=Order # status=Status rpo=Tracking No."},
		{"Russian", "Номер заказа;Статус;Дата отправки;Трек-номер", "bill_id=Номер заказа status=Статус date=Дата отправки rpo=Трек-номер"},
		{"not needed ones may be missing", "bill_id,status", "bill_id=bill_id status=status"},
		{"not needed ones may be doubled", "note,bill_id,note,status,", "bill_id=bill_id status=status"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, rows := whole(t, test.header+"\n", Options{})
			if got := mapping(f); got != test.want {
				t.Errorf("%s gives %s instead of %s", test.header, got, test.want)
			}
			if len(rows) != 0 {
				t.Errorf("there are rows: %v", rows)
			}
		})
	}
}

func TestHeadersRefused(t *testing.T) {
	for _, test := range []struct{ name, header, message, hint string }{
		{"two candidates", "Order ID,Order Number,status", `more than one column could be bill_id: "Order ID", "Order Number"`, `say --column bill_id="Order ID", or the other`},
		{"one candidate twice", "Tracking,Tracking,bill_id,status", `more than one column could be rpo: "Tracking", "Tracking"`, "keep one of them, or rename the others"},
		{"doubled", "bill_id,status,bill_id", "the column bill_id stands there 2 times (columns 1 and 3)", "keep one of them, or rename the others"},
		{"doubled in another way of writing", "bill_id,status,Bill ID", "the column bill_id stands there 2 times (columns 1 and 3)", "keep one of them, or rename the others"},
		{"missing", "Order,Tracking,Shipped", "no column for bill_id (the header has: Order, Tracking, Shipped)", "say --column bill_id=Order; status has no column either: say --column status=HEADER, or --set status=sent (or paid, return, cancel) if it is the same for all rows"},
		{"missing, misspelt", "bil_id,status", "no column for bill_id (the header has: bil_id, status)", "say --column bill_id=bil_id"},
		{"missing, nothing near", "foo,bar", "no column for bill_id (the header has: foo, bar)", "say --column bill_id=HEADER; the first line must name the columns"},
		{"missing, but that of another field is never suggested", "Tracking Number,Ship Date,Order Status,Paid", "no column for bill_id (the header has: Tracking Number, Ship Date, Order Status, Paid)", "say --column bill_id=HEADER; the first line must name the columns"},
		{"missing status", "bill_id,State of it", "no column for status (the header has: bill_id, State of it)", `say --column status="State of it", or --set status=sent (or paid, return, cancel) if it is the same for all rows`},
		{"all in quotes", `"bill_id,status,date"`, "no column for bill_id (the header has: bill_id,status,date)", "all names stand in one cell: take the quotes from around the lines, or say the right --delimiter"},
		{"empty header", " , , ", "no column for bill_id (the header is empty)", "say --column bill_id=HEADER; the first line must name the columns"},
		{"no header at all", "100000,paid,1362254400", "no column for bill_id (the header has: 100000, paid, 1362254400)", "the first line must name the columns, and seems to be a row itself: put a line of names above it"},
		{"Cyrillic letters in a name", "bill_id,stаtus", "the header \"stаtus\" looks like one for status, but some of its letters are of another alphabet", "say --column status=\"stаtus\" if that is meant, or rename the column"},
		{"beside the right one", "bill_id,status,stаtus", "the header \"stаtus\" looks like one for status, but some of its letters are of another alphabet", "say --column status=\"stаtus\" if that is meant, or rename the column"},
		{"Cyrillic letters in an alias", "Оrder Number,status", "the header \"Оrder Number\" looks like one for bill_id, but some of its letters are of another alphabet", "say --column bill_id=\"Оrder Number\" if that is meant, or rename the column"},
		{"Latin letters in a Russian alias", "Нoмер заказа,status", "the header \"Нoмер заказа\" looks like one for bill_id, but some of its letters are of another alphabet", "say --column bill_id=\"Нoмер заказа\" if that is meant, or rename the column"},
		{"full-width letters", "ｂｉｌｌ＿ｉｄ,status", "the header \"ｂｉｌｌ＿ｉｄ\" looks like one for bill_id, but some of its letters are of another alphabet", "say --column bill_id=\"ｂｉｌｌ＿ｉｄ\" if that is meant, or rename the column"},
		{"empty file", "", "the file is empty: it has no header", "is it the right file? The first line must name the columns"},
		{"nothing but blank lines", "\n\r\n \n", "the file is empty: it has no header", "is it the right file? The first line must name the columns"},
		{"a quote in a header", "bill_id,5\" pipe,9\" pipe,status", "line 1: a quote stands where none can be", "mend the quotes of the header"},
		{"a quote not closed", "bill_id,\"status", "line 1: a quote is opened and never closed", "close the quote, or take it out"},
		{"a line break in a header", "bill_id,\"sta\ntus\"", "line 1: a quote is not closed on its line, or a line break stands inside a cell", "close the quote where the cell ends; say --multiline if the line break is meant"},
		{"doubled carriage return", "bill_id,status\r", "line 1 ends with a doubled carriage return, as when a file is converted twice", "save it anew as CSV"},
		{"lone carriage return", "bill_id,sta\rtus\n", "line 1: a carriage return, which is half of a line end, stands in the middle of the line", "save it anew as CSV"},
	} {
		t.Run(test.name, func(t *testing.T) {
			end := "\r\n"
			if strings.HasSuffix(test.header, "\n") || test.header == "" {
				end = ""
			}
			if err := refused(t, test.header+end, Options{}); err.Message != test.message || err.Hint != test.hint {
				t.Errorf("%q gives\n%s\n%s\ninstead of\n%s\n%s", test.header, err.Message, err.Hint, test.message, test.hint)
			}
		})
	}
}

func TestColumnsNamed(t *testing.T) {
	const data = "Nr.,nr,Order Number,State,Tracking\n"
	for _, test := range []struct {
		name string
		o    Options
		want string
	}{
		{"exact", Options{Columns: map[string]string{"bill_id": "Nr.", "status": "State"}}, "bill_id=Nr. status=State rpo=Tracking"},
		{"loose", Options{Columns: map[string]string{"bill_id": "ORDER_NUMBER", "status": "state"}}, "bill_id=Order Number status=State rpo=Tracking"},
		{"against the alias", Options{Columns: map[string]string{"bill_id": "Tracking", "status": "State"}}, "bill_id=Tracking status=State"},
		{"set", Options{Set: map[string]string{"status": "paid", "date": "1362254400"}}, "bill_id=Order Number status='paid' date='1362254400' rpo=Tracking"},
		{"set over a column", Options{Set: map[string]string{"rpo": "X1", "status": "SENT"}}, "bill_id=Order Number status='SENT' rpo='X1'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := whole(t, data, test.o)
			if got := mapping(f); got != test.want {
				t.Errorf("got %s instead of %s", got, test.want)
			}
		})
	}
}

func TestColumnsNamedWrong(t *testing.T) {
	const data = "Order,State,state,Tracking,Tracking\n"
	for _, test := range []struct {
		name          string
		o             Options
		message, hint string
	}{
		{"no such column", Options{Columns: map[string]string{"bill_id": "Ordr"}}, "--column bill_id=Ordr: there is no such column (the header has: Order, State, state, Tracking, Tracking)", `is it "Order"?`},
		{"nothing near", Options{Columns: map[string]string{"bill_id": "Something else"}}, `--column bill_id="Something else": there is no such column (the header has: Order, State, state, Tracking, Tracking)`, "say one of the headers that the file has"},
		{"doubled", Options{Columns: map[string]string{"bill_id": "Tracking"}}, "--column bill_id=Tracking: 2 columns have this header", "rename one of them in the file"},
		{"doubled, loosely", Options{Columns: map[string]string{"bill_id": "STATE"}}, "--column bill_id=STATE: 2 columns have this header", "rename one of them in the file"},
		{"one for two fields", Options{Columns: map[string]string{"bill_id": "Order", "rpo": "order"}}, `column "Order" is named for both bill_id and rpo`, "name another column for one of them"},
		{"condition", Options{Columns: map[string]string{"bill_id": "Order", "status": "State"}, Set: map[string]string{"rpo": "1"}, Where: []Condition{{"Stat", "x"}}}, "--where Stat=x: there is no such column (the header has: Order, State, state, Tracking, Tracking)", `is it "State"?`},
		{"condition on a doubled column", Options{Columns: map[string]string{"bill_id": "Order", "status": "State"}, Set: map[string]string{"rpo": "1"}, Where: []Condition{{"Tracking", "x y"}}}, `--where Tracking="x y": 2 columns have this header`, "rename one of them in the file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := refused(t, data, test.o); err.Message != test.message || err.Hint != test.hint {
				t.Errorf("got\n%s\n%s\ninstead of\n%s\n%s", err.Message, err.Hint, test.message, test.hint)
			}
		})
	}
}

func TestOptionsWrong(t *testing.T) {
	for _, test := range []struct {
		name          string
		o             Options
		message, hint string
	}{
		{"--column of no field", Options{Columns: map[string]string{"order": "x"}}, "--column order=x: there is no field of this name", "the fields are bill_id, status, date and rpo"},
		{"--set of no field", Options{Set: map[string]string{"Status": "x"}}, "--set Status=x: there is no field of this name", "the fields are bill_id, status, date and rpo"},
		{"both", Options{Set: map[string]string{"status": "paid"}, Columns: map[string]string{"status": "x"}}, "both --column and --set are given for status", "say only one of them"},
		{"--set no status", Options{Set: map[string]string{"status": "done"}}, "--set status=done: this is no status; sent, paid, return and cancel are: if it means one of them, say for example --word sent=done", "give a value that every row can have"},
		{"--set no bill", Options{Set: map[string]string{"bill_id": "007"}}, "--set bill_id=007: the order number has a leading zero, which the service would drop; is this the right column?", "give a value that every row can have"},
		{"--set no rpo", Options{Set: map[string]string{"rpo": " "}}, "--set rpo= : the tracking number is empty; fill it in", "give a value that every row can have"},
		{"--set no date", Options{Set: map[string]string{"date": "soon"}}, "--set date=soon: the date is not in unix seconds, which are 10 digits; say --date-format", "give a value that every row can have"},
		{"--set an ambiguous date", Options{Set: map[string]string{"date": "05.06.2026"}}, "--set date=05.06.2026: the day or the month may stand first; write year-month-day", "give a value that every row can have"},
		{"--word for no status", Options{Words: map[string]string{"Done": "finished"}}, "--word finished=Done: there is no status finished", "the statuses are sent, paid, return and cancel"},
		{"--word against a status", Options{Words: map[string]string{"PAID": "sent"}}, "--word sent=PAID: paid is a status itself", "give --word only for words that are none of sent, paid, return and cancel"},
		{"--word twice", Options{Words: map[string]string{"Done": "sent", "done ": "paid"}}, "--word paid=done : the word is given for sent too", "give each word for one status; upper and lower case are the same"},
		{"--word empty", Options{Words: map[string]string{" ": "sent"}}, "--word sent= : the word is empty", "give the word as it stands in the file"},
		{"--delimiter of two signs", Options{Delimiter: ";;"}, `--delimiter ";;" is no delimiter`, "say auto, comma, semicolon, tab, pipe, or one sign"},
		{"--delimiter a quote", Options{Delimiter: `"`}, `--delimiter "\"" is no delimiter`, "say auto, comma, semicolon, tab, pipe, or one sign"},
		{"--delimiter a letter", Options{Delimiter: "x"}, `--delimiter "x" is no delimiter`, "say auto, comma, semicolon, tab, pipe, or one sign"},
		{"--delimiter a digit", Options{Delimiter: "0"}, `--delimiter "0" is no delimiter`, "say auto, comma, semicolon, tab, pipe, or one sign"},
		{"--delimiter of field names", Options{Delimiter: "_"}, `--delimiter "_" is no delimiter`, "say auto, comma, semicolon, tab, pipe, or one sign"},
		{"--encoding unknown", Options{Encoding: "klingon"}, "--encoding klingon is not known", "say auto, utf-8, utf-16le, utf-16be, windows-1251, windows-1252, koi8-r or cp866"},
		{"--date-format no layout", Options{DateFormat: "yyyy-mm-dd"}, `--date-format "yyyy-mm-dd" is neither unix, iso, dmy, mdy nor a layout with day, month and year once each`, "a layout shows the moment Mon Jan 2 15:04:05 2006, for example 02.01.2006 15:04"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := opened([]byte("bill_id,status\n"), test.o)
			var wrong *OptionError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v instead of an *OptionError", err)
			}
			if wrong.Message != test.message || wrong.Hint != test.hint {
				t.Errorf("got\n%s\n%s\ninstead of\n%s\n%s", wrong.Message, wrong.Hint, test.message, test.hint)
			}
		})
	}
}

package manifest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"billmark/batch"
)

// seeds are the corpus and some texts that went wrong once.
func seeds(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join(corpus, "*"))
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil && len(data) < 1<<14 && !strings.HasSuffix(name, ".want") && !strings.HasSuffix(name, ".args") {
			f.Add(data, "auto", "", byte(0))
		}
	}
	f.Add([]byte("bill_id\tstatus\r1\tcancel\r"), "tab", "utf-8", byte(1))
	f.Add([]byte(in(charmap.Windows1251, russian)), "auto", "windows-1251", byte(2))
	f.Add([]byte(in(bigEndian, russian)), ";", "utf-16be", byte(4))
	f.Add([]byte("a\nTOTAL,x\nbill_id,status\n1,cancel\nTOTAL,\n2,cancel\n"), "auto", "", byte(31))
	f.Add([]byte("##%!"), "auto", "", byte(0))
	f.Add([]byte(head+"1,paid,05.06.2026,\n2,sent,31.12.2025,\"a\nb\"\n"), "auto", "", byte(3))
}

// fuzzed are options that a byte says.
func fuzzed(delimiter, encoding string, bits byte) Options {
	o := Options{Name: "x", Delimiter: delimiter, Encoding: encoding, Multiline: bits&1 != 0, Now: now, Location: moscow, Words: russianWords}
	if bits&2 != 0 {
		o.DateFormat = "dmy"
	}
	if bits&4 != 0 {
		o.Columns = map[string]string{"bill_id": "a"}
	}
	if bits&8 != 0 {
		o.Footer, o.Skip = "TOTAL", 1
	}
	if bits&16 != 0 {
		o.Where = []Condition{{"status", "cancel"}}
	}
	if bits&32 != 0 {
		o.Set = map[string]string{"status": "paid", "date": "1362254400"}
	}
	return o
}

// FuzzFile reads any bytes: it ends, keeps every byte in its place, gives the
// same rows from any place, and asks for nothing that does not stand there.
func FuzzFile(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, delimiter, encoding string, bits byte) {
		if !typed(delimiter, encoding) {
			return
		}
		var h heapGrowth
		if len(data) > 1<<16 {
			h = *heap()
		}
		file, err := opened(data, fuzzed(delimiter, encoding, bits))
		if err != nil {
			explained(t, err, string(data), delimiter, encoding)
			return
		}
		if err := file.sameByBoth(); err != nil {
			t.Fatal(err)
		}
		rows, err := from(file, batch.Mark{})
		if err != nil {
			explained(t, err, string(data))
		} else if err := consistent(file, data, rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			soundRow(t, file, r)
		}
		if h.before > 0 {
			if h.look(); h.grown > 64<<20 {
				t.Errorf("the heap grew by %d bytes", h.grown)
			}
		}
		if file.Delimiter() == "" || file.Encoding() == "" || len(file.Mapping()) == 0 {
			t.Error("something is not told")
		}
	})
}

// typed reports texts that somebody can have typed.
func typed(options ...string) bool {
	for _, o := range options {
		if !utf8.ValidString(o) {
			return false
		}
	}
	return true
}

// explained wants an error to be one for a clerk: only those say what to do.
// Given is what the error may quote.
func explained(t *testing.T, err error, given ...string) {
	var refusal *FileError
	var wrong *OptionError
	switch {
	case errors.As(err, &refusal):
		if refusal.Hint == "" || refusal.Message == "" || misformatted(refusal.Message, given) || !utf8.ValidString(refusal.Error()) {
			t.Errorf("the refusal is %q, %q", refusal.Message, refusal.Hint)
		}
	case errors.As(err, &wrong):
		if wrong.Hint == "" || misformatted(wrong.Message, given) {
			t.Errorf("the error is %q, %q", wrong.Message, wrong.Hint)
		}
	default:
		t.Errorf("the error is none for a clerk: %v", err)
	}
}

// misformatted reports a message with one of fmt's marks of a wrong call, if it
// cannot be a quotation of what was given.
func misformatted(message string, given []string) bool {
	return strings.Contains(message, "%!") && !slices.ContainsFunc(given, func(g string) bool { return strings.Contains(g, "%") })
}

// soundRow wants a row without faults to ask for what stands in its cells.
func soundRow(t *testing.T, f *File, r kept) {
	for _, fault := range append(r.Faults, r.Warnings...) {
		if fault.Message == "" || fault.Row != r.Number || fault.Line != r.Line {
			t.Errorf("row %d has the fault %+v", r.Number, fault)
		}
	}
	if len(r.Faults) > 0 || r.Skipped {
		if r.Update != (batch.Update{Bill: r.Update.Bill}) || r.Skipped && r.Update.Bill != 0 {
			t.Errorf("row %d asks for %v", r.Number, r.Update)
		}
		return
	}
	cell := func(field int) string {
		if at := f.columns[field]; at >= 0 {
			return strings.TrimSpace(strings.ReplaceAll(r.Cells[at], "\r\n", "\n"))
		}
		return f.constants[field].text
	}
	u := r.Update
	if strconv.FormatUint(u.Bill, 10) != cell(bill) {
		t.Errorf("row %d: the bill is %d where %q stands", r.Number, u.Bill, cell(bill))
	}
	if u.RPO != "" && u.RPO != cell(rpo) || (u.RPO == "") != (u.Status != batch.Sent) {
		t.Errorf("row %d: the tracking number is %q where %q stands", r.Number, u.RPO, cell(rpo))
	}
	if status, err := f.words.parse(cell(status)); err != nil || status != u.Status {
		t.Errorf("row %d: the status is %v where %q stands", r.Number, u.Status, cell(1))
	}
	if u.Status.Dated() != (u.Date != 0) {
		t.Errorf("row %d: %v has the date %d", r.Number, u.Status, u.Date)
	}
}

// FuzzHeader finds columns in any header, and says what is missing.
func FuzzHeader(f *testing.F) {
	for _, header := range []string{"bill_id,status,date,rpo", "Order - Number,Статус", "Bill ID;State;\"a\nb\"", "bill_id,stаtus", "Nr.,nr", "100%!", ",,", "\"\"\"\",x"} {
		f.Add(header, "Order", "bill_id")
	}
	f.Fuzz(func(t *testing.T, header, column, field string) {
		if !typed(header, column, field) {
			return
		}
		o := Options{Columns: map[string]string{field: column}, Where: []Condition{{column, "x"}}, Multiline: true}
		if column == "" {
			o = Options{}
		}
		file, err := opened([]byte(header+"\n"), o)
		if err != nil {
			explained(t, err, header, column, field)
			return
		}
		seen := map[int]bool{}
		for i, at := range file.columns {
			if at < 0 {
				continue
			}
			if seen[at] {
				t.Errorf("column %d holds two fields", at)
			}
			seen[at] = true
			if named := o.Columns[fieldNames[i]]; named != "" && plain(named) != plain(file.header[at]) {
				t.Errorf("%s is taken from %q instead of %q", fieldNames[i], file.header[at], named)
			}
		}
	})
}

// FuzzDate reads any text: what is taken for a date is one, and means the same
// however it is written.
func FuzzDate(f *testing.F) {
	for _, text := range []string{
		"1362254400", "2026-05-06 10:11:12 +0200", "13.05.2026", "05/13/2026 12:30 AM", "6 мая 2026 г., 10:30", "May 6, 2026", "2026-03-29 02:30", "31.02.2026", "06-May-2026T10:11:12.5Z",
	} {
		f.Add(text, "auto", uint8(0))
		f.Add(text, "dmy", uint8(1))
	}
	f.Add("20060102150405", "20060102150405", uint8(2))
	zones := []*time.Location{time.UTC, moscow, zone("Europe/Berlin"), zone("Australia/Lord_Howe"), zone("America/St_Johns")}
	f.Fuzz(func(t *testing.T, text, format string, place uint8) {
		if !typed(text, format) {
			return
		}
		loc := zones[int(place)%len(zones)]
		file := &File{options: Options{Name: "x", DateFormat: format, Location: loc, Now: now}}
		d, err := newDates(file)
		if err != nil {
			explained(t, err, format)
			return
		}
		seconds, _, err := d.parseAlone(text)
		if err != nil {
			if err.Error() == "" || misformatted(err.Error(), []string{text, format}) {
				t.Errorf("%q gives %v", text, err)
			}
			return
		}
		if seconds < 1e9 || seconds > 9999999999 {
			t.Errorf("%q is %d", text, seconds)
		}
		if d.allowed == formLayout {
			return
		}
		iso := File{options: Options{Name: "x", Location: loc, Now: now}}
		back, err := newDates(&iso)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := back.parse(time.Unix(seconds, 0).UTC().Format(time.RFC3339))
		if err != nil || again != seconds {
			t.Errorf("%q is %d, but in other words %d, %v", text, seconds, again, err)
		}
		if shown := time.Unix(seconds, 0).In(loc).Format("2006"); !strings.Contains(text, shown) && len(text) != unixDigits {
			year := time.Unix(seconds, 0).In(time.FixedZone("", 14*3600)).Format("06") + time.Unix(seconds, 0).In(time.FixedZone("", -14*3600)).Format("06")
			if !strings.Contains(text, year[:2]) && !strings.Contains(text, year[2:]) {
				t.Errorf("%q is in %s", text, shown)
			}
		}
	})
}

// FuzzText tells the encoding and the delimiter of any bytes, or says that it
// cannot; what it tells is exact.
func FuzzText(f *testing.F) {
	for _, data := range []string{
		russian, plainFile, in(charmap.Windows1251, russian), in(charmap.CodePage866, "Номер;Статус\n"), in(charmap.Windows1252, french), in(littleEndian, plainFile), "\ufeff" + russian,
		"sep=;\na;b\n", "a,b;c\n", "\xff\xfe\x00", "<html>",
	} {
		f.Add([]byte(data), "")
		f.Add([]byte(data), "windows-1251")
	}
	f.Fuzz(func(t *testing.T, data []byte, encoding string) {
		if !typed(encoding) {
			return
		}
		file := &File{options: Options{Name: "x", Encoding: encoding, Location: time.UTC}, size: int64(len(data)), input: strings.NewReader(string(data))}
		if err := file.readText(); err != nil {
			explained(t, err, string(data), encoding)
			return
		}
		decoded, err := io.ReadAll(file.decoded(int64(file.text.mark)))
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(decoded) {
			t.Errorf("the text is none: %q", decoded)
		}
		back, err := file.text.encode(decoded)
		if err != nil || string(back) != string(data[file.text.mark:]) {
			t.Errorf("%q comes back as %q, %v", data, back, err)
		}
		if err := file.readDelimiter(decoded); err != nil {
			explained(t, err, string(data), encoding)
		}
	})
}

package manifest

import (
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/gocarina/gocsv"
	"github.com/google/go-cmp/cmp"
)

// What follows is about gocsv alone: what this room relies on, and the traps
// that are the reason for how it goes about. A version that behaves otherwise
// is to be looked at before it is used.

// The package's variables are everybody's: nobody may have set them.
func TestGocsvVariables(t *testing.T) {
	if gocsv.FailIfUnmatchedStructTags || gocsv.FailIfDoubleHeaderNames || gocsv.ShouldAlignDuplicateHeadersWithStructFieldOrder {
		t.Error("a switch is on")
	}
	if gocsv.TagName != "csv" || gocsv.TagSeparator != "," || gocsv.FieldsCombiner != "." {
		t.Errorf("the tags are %q, %q, %q", gocsv.TagName, gocsv.TagSeparator, gocsv.FieldsCombiner)
	}
	type tagged struct {
		Mixed string `csv:"MiXed"`
	}
	var list []tagged
	if err := gocsv.UnmarshalString("mixed,MiXed\na,b\n", &list); err != nil || list[0].Mixed != "b" {
		t.Errorf("names are not compared as they stand: %v, %v", list, err)
	}
}

// reading makes gocsv read a text into records, as a pass does.
func reading(t *testing.T, text string, into any) (*csv.Reader, *gocsv.Unmarshaller) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.ReuseRecord = true
	u, err := gocsv.NewUnmarshaller(r, into)
	if err != nil {
		t.Fatal(err)
	}
	return r, u
}

// A row that is wrong in itself fails alone, with encoding/csv's own error, and
// reading goes on behind it.
func TestGocsvGoesOn(t *testing.T) {
	r, u := reading(t, "bill_id,status\n1\n\n2,a\"b\n3,\"x\"y\n4,\"a\nb\"\n5,e\n", &record{})
	type step struct {
		bill   string
		err    error
		line   int
		offset int64
	}
	var got []step
	for {
		value, err := u.Read()
		if err == io.EOF {
			break
		}
		s := step{offset: r.InputOffset()}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			s.err, s.line = parse.Err, parse.StartLine
		} else {
			s.bill = value.(*record).Bill
			s.line, _ = r.FieldPos(0)
		}
		got = append(got, s)
	}
	want := []step{{"", csv.ErrFieldCount, 2, 17}, {"", csv.ErrBareQuote, 4, 24}, {"", csv.ErrQuote, 5, 31}, {"4", nil, 6, 39}, {"5", nil, 8, 43}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{}), cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// A quote that is never closed takes the rest of the file with it: the pass
// must refuse the file.
func TestGocsvUnclosedQuote(t *testing.T) {
	r, u := reading(t, "bill_id,status\n1,\"a\n2,b\n", &record{})
	_, err := u.Read()
	var parse *csv.ParseError
	if !errors.As(err, &parse) || parse.Err != csv.ErrQuote || parse.StartLine != 2 || r.InputOffset() != 24 {
		t.Errorf("got %v at %d", err, r.InputOffset())
	}
	if _, err := u.Read(); err != io.EOF {
		t.Errorf("after it: %v", err)
	}
}

// Records are new ones, although encoding/csv's are not.
func TestGocsvRecordsAreKept(t *testing.T) {
	_, u := reading(t, "bill_id,status\n1,a\n2,b\n", &record{})
	first, _ := u.Read()
	second, _ := u.Read()
	if first.(*record).Bill != "1" || first.(*record).Status != "a" || second.(*record).Bill != "2" {
		t.Errorf("got %v and %v", first, second)
	}
}

// Why the header that gocsv gets is our own, with each name once.
func TestGocsvHeaders(t *testing.T) {
	_, u := reading(t, "bill_id,status,bill_id,\n1,a,2,\n", &record{})
	if value, _ := u.Read(); value.(*record).Bill != "2" {
		t.Errorf("of a doubled column the last does not win any more: %v", value)
	}
	_, u = reading(t, "Bill_ID,status\n1,a\n", &record{})
	if value, _ := u.Read(); value.(*record).Bill != "" {
		t.Errorf("case does not matter any more: %v", value)
	}
	if want := []string{"bill_id", "date", "rpo"}; !cmp.Equal(want, u.MismatchedStructFields) {
		t.Errorf("columns that are not there: %q", u.MismatchedStructFields)
	}
	_, u = reading(t, " bill_id ,\"\ufeffstatus\"\n1,a\n", &record{})
	if value, _ := u.Read(); value.(*record).Bill != "1" || value.(*record).Status != "a" {
		t.Errorf("blanks and marks matter now: %v", value)
	}
	if len(u.MismatchedStructFields) != 4 {
		t.Errorf("columns that are said not to be there: %q", u.MismatchedStructFields)
	}
	if _, err := gocsv.NewUnmarshaller(csv.NewReader(strings.NewReader("\ufeff\"bill_id\",status\n")), &record{}); !errors.Is(err, csv.ErrBareQuote) {
		t.Errorf("a mark before a quoted header gives %v", err)
	}
}

// Why all fields are strings.
func TestGocsvNumbers(t *testing.T) {
	type numbers struct {
		N int   `csv:"n"`
		B uint8 `csv:"b"`
	}
	for text, want := range map[string]numbers{"010,0": {N: 8}, "1_000,0": {N: 1000}, "12.9,0": {N: 12}, ",": {}, "0,300": {B: 44}} {
		_, u := reading(t, "n,b\n"+text+"\n", &numbers{})
		if value, err := u.Read(); err != nil || *value.(*numbers) != want {
			t.Errorf("%s gives %v, %v", text, value, err)
		}
	}
	fields := reflect.TypeFor[record]()
	for i := range fields.NumField() {
		if fields.Field(i).Type.Kind() != reflect.String || fields.Field(i).Tag.Get("csv") != fieldNames[i] {
			t.Errorf("field %d of a record is %v", i, fields.Field(i))
		}
	}
}

// encoding/csv makes LF of CRLF in quotes; all else of a cell it leaves.
func TestGocsvLeavesCellsAlone(t *testing.T) {
	_, u := reading(t, "bill_id,status,date,rpo\n \"\"\"\t,\"a\r\nb\",\u00a0,\"c\rd\" \n", &record{})
	if _, err := u.Read(); !errors.Is(err, csv.ErrBareQuote) {
		t.Errorf("got %v", err)
	}
	_, u = reading(t, "bill_id,status,date,rpo\n 1\t,\"a\r\nb\",\u00a0,\"c\rd\"\n", &record{})
	value, err := u.Read()
	if want := (record{" 1\t", "a\nb", "\u00a0", "c\rd"}); err != nil || *value.(*record) != want {
		t.Errorf("got %q, %v", value, err)
	}
}

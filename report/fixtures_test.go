package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata/report.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "testdata", "report", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// instant is a time of the fixtures: so many seconds after the runs began.
func instant(seconds int) time.Time {
	return time.Date(2024, 5, 6, 9, 0, 0, 0, time.FixedZone("", 3*3600)).Add(time.Duration(seconds) * time.Second)
}

// made is a row as it would come from a manifest.
func made(number int, cells ...string) *batch.Row {
	return &batch.Row{
		Number: number, Line: number + 1, Cells: func() []string { return cells }, Raw: []byte(strings.Join(cells, ",") + "\n"),
	}
}

// faulty gives a row its faults.
func faulty(row *batch.Row, faults ...batch.Fault) *batch.Row {
	row.Faults = faults
	return row
}

// codeWords stand in for those of the API room.
func codeWords(code string) string {
	return map[string]string{"0": "done", "200": "there is no such order", "4": "the API does not accept this login or key"}[code]
}

// mixed is a report with a row of every outcome, and cells of every kind that
// could do harm.
func mixed() (Head, []Line) {
	at := func(s int) time.Time { return instant(s) }
	lines := []Line{
		{
			Row: made(1, "100000", "sent", "2013-03-03", "10000000000000", "Anna; \"the\" first"), Sent: "bill_id=100000&status=sent&date=1362254400&rpo=10000000000000",
			Outcome: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Attempts: 1, Posted: true, Finished: at(1)},
		},
		{
			Row: made(2, "100001", "paid", "06.05.2024", "", "=HYPERLINK(\"http://example.test\")"), Sent: "bill_id=100001&status=paid&date=1714989600",
			Outcome: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200", Text: "Bill\nnot <b>found</b>", Attempts: 1, Posted: true, Finished: at(2)},
		},
		{
			Row: faulty(made(3, "1e5", "paid", "06.05.2024", "", "</script><script>alert(1)</script>"),
				batch.Fault{Row: 3, Line: 4, Column: "bill_id", Value: "1e5", Message: "not a whole number: format the column as text"},
				batch.Fault{Row: 3, Line: 4, Message: "and one fault of the whole row"}),
			Outcome: batch.Outcome{Class: batch.Invalid},
		},
		{
			Row:     made(4, "100001", "cancel", "", "", "two\r\nlines"),
			Outcome: batch.Outcome{Class: batch.Unsent, Reason: batch.ReasonHeld, Line: 3},
		},
		{
			Row: made(5, "100004", "return", "", "", "+49 30 1234"), Sent: "bill_id=100004&status=return",
			Outcome: batch.Outcome{Class: batch.Unverified, Reason: batch.ReasonHTTP, Text: "502 Bad Gateway", Attempts: 1, Posted: true, Finished: at(70)},
		},
		{
			Row: made(6, "100005", "cancel", "", "", "bell \a, nothing \x00, _x0041_"), Sent: "bill_id=100005&status=cancel",
			Outcome: batch.Outcome{Class: batch.Unknown, Reason: batch.ReasonNoReply, Attempts: 2, Posted: true, Finished: at(75)},
		},
		{
			Row: faulty(made(7, "100006", "paid"), batch.Fault{Row: 7, Line: 8, Message: "the row has 2 cells, the header 5"}), Outcome: batch.Outcome{Class: batch.Invalid},
		},
		{
			Row: faulty(made(8, "100007", "paid", "06.05.2024", "", "x", "and", "more"), batch.Fault{Row: 8, Line: 9, Message: "the row has 7 cells, the header 5"}), Outcome: batch.Outcome{Class: batch.Invalid},
		},
		{Row: made(9, "100008", "paid", "06.05.2024", "", " кириллица, 中文 "), Outcome: batch.Outcome{Class: batch.Skipped, Reason: batch.ReasonFilter}},
		{
			Row: made(10, "100000", "SENT", "2013-03-03", "10000000000000", "again"), Sent: "bill_id=100000&status=sent&date=1362254400&rpo=10000000000000",
			Outcome: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Same: 2, Later: batch.Return, Attempts: 1, Posted: true, Finished: at(1)},
		},
	}
	h := headFor(lines)
	h.Header = []string{"Order", "status", "Date", "Result", "Result"}
	h.Runs = []batch.Run{
		{ID: 3, File: h.File, Version: "1.2.0", Started: at(0), Summary: batch.Summary{Requests: 2}},
		{ID: 4, File: h.File, Version: "1.2.3", Started: at(60), Finished: at(80), Summary: batch.Summary{Requests: 4, Stopped: "five unverified <in a row>"}},
	}
	return h, lines
}

// headFor counts the lines.
func headFor(lines []Line) Head {
	h := Head{
		File: "shipping & more.csv", Digest: strings.Repeat("0123456789abcdef", 4), Account: "shop7",
		API: "https://shop7.example.test/api/", Version: "1.2.3", Lang: "en", CodeWords: codeWords, Rows: len(lines),
	}
	for _, l := range lines {
		h.Counts[l.Outcome.Class]++
	}
	return h
}

// write makes a report in a folder of the test and gives its bytes.
func write(t testing.TB, ending string, h Head, lines []Line) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.report"+ending)
	w, err := Create(path, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if err := w.Row(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if left := names(t, filepath.Dir(path)); len(left) != 1 {
		t.Errorf("beside the report there are left: %q", left)
	}
	return b
}

// names lists a folder.
func names(t testing.TB, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// many is a report with so many rows, a few of which failed.
func many(n int) (Head, func(i int) Line) {
	h := headFor(nil)
	h.Header = []string{"Order", "Status", "Date", "Tracking"}
	line := func(i int) Line {
		bill := fmt.Sprint(100000 + i)
		l := Line{
			Row: made(i+1, bill, "sent", "2024-05-06", "RA"+bill+"DE"), Sent: "bill_id=" + bill + "&status=sent&date=1714989600&rpo=RA" + bill + "DE",
			Outcome: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0", Attempts: 1, Posted: true, Finished: instant(i)},
		}
		if i%10 == 9 {
			l.Outcome.Class, l.Outcome.Code = batch.Rejected, "200"
		}
		return l
	}
	h.Rows = n
	for i := range n {
		h.Counts[line(i).Outcome.Class]++
	}
	return h, line
}

// differ says how two files differ; "" if they do not.
func differ(a, b []byte) string {
	if bytes.Equal(a, b) {
		return ""
	}
	return fmt.Sprintf("%d and %d bytes, and not the same", len(a), len(b))
}

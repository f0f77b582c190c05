package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// workbook writes an Excel workbook with these rows.
func workbook(t *testing.T, path string, rows ...[]any) {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
}

// TestWorkbook: a workbook is a manifest as a CSV file is, and the digest is
// that of the user's file. What is to be mended comes as CSV.
func TestWorkbook(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "May.xlsx")
	workbook(t, file,
		[]any{"bill_id", "status; of it", "date", "rpo"},
		[]any{100000, "sent", 1362254400, "10000000000000"},
		[]any{},
		[]any{100001, "sent", 1362254400, 1234567890123456},
		[]any{"#1002", "cancel"},
	)
	world := map[string]string{"TZ": "UTC", "HOME": folder, "XDG_STATE_HOME": folder}
	args := []string{"--column", "status=status; of it", file}
	_, out, stderr := commanded(t, world, "", append([]string{"check", "--json"}, args...)...)
	var plan planJSON
	if err := json.Unmarshal([]byte(out), &plan); err != nil {
		t.Fatal(err, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Rows != 3 || plan.ToSend["sent"] != 1 || plan.Invalid != 2 || plan.Digest != fmt.Sprintf("%x", sha256.Sum256(text)) {
		t.Errorf("%+v", plan)
	}
	if len(plan.Faults) != 2 || plan.Faults[0].Line != 4 || plan.Faults[0].Value != "1.234567890123456E+15" || plan.Faults[1].Line != 5 {
		t.Errorf("%+v", plan.Faults)
	}
	code, out, stderr := commanded(t, world, "", append([]string{"report", "--account", "shop7"}, args...)...)
	failed, err := os.ReadFile(filepath.Join(folder, "May.failed.csv"))
	if err != nil {
		t.Fatal(code, out, stderr)
	}
	const want = "bill_id,status; of it,date,rpo\n100001,sent,1362254400,1.234567890123456E+15\n#1002,cancel,,\n"
	if string(failed) != want {
		t.Errorf("to mend:\n%s", failed)
	}
	if report, err := os.ReadFile(filepath.Join(folder, "May.report.csv")); err != nil || !strings.Contains(string(report), "100000,sent,1362254400,10000000000000,2,") {
		t.Errorf("%s %v", report, err)
	}
}

// TestWorkbookInDisguise: a workbook that calls itself text is refused, and so
// is what only calls itself a workbook.
func TestWorkbookInDisguise(t *testing.T) {
	folder := t.TempDir()
	real := filepath.Join(folder, "a.xlsx")
	workbook(t, real, []any{"bill_id", "status"}, []any{100000, "cancel"})
	bytes, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, content, want string }{
		{"b.csv", string(bytes), "zip archive"},
		{"c.xlsx", string(bytes[:200]), "c.xlsx: this is a zip archive that is damaged or cut off"},
		{"d.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), "d.xls: this is an old Excel or Word file"},
	} {
		path := filepath.Join(folder, c.name)
		keepText(t, path, c.content)
		code, _, stderr := commanded(t, map[string]string{"TZ": "UTC"}, "", "check", path)
		if code != exitStopped || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "nothing was sent") {
			t.Errorf("%s: %d %s", c.name, code, stderr)
		}
	}
	if code, out, stderr := commanded(t, map[string]string{"TZ": "UTC"}, string(bytes), "check", "-"); code != 0 || !strings.Contains(out, "1 cancel") {
		t.Errorf("%d %s%s", code, out, stderr)
	}
}

package manifest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// TestFromSpreadsheetRows reads a workbook as a library writes it: the lines
// of the CSV are the rows of the sheet, all as wide as the widest.
func TestFromSpreadsheetRows(t *testing.T) {
	f := excelize.NewFile()
	style := func(s *excelize.Style) int {
		id, err := f.NewStyle(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	layout := "dd.mm.yyyy hh:mm"
	day, moment := style(&excelize.Style{NumFmt: 14}), style(&excelize.Style{CustomNumFmt: &layout})
	at := time.Date(2026, time.May, 6, 15, 42, 13, 0, time.UTC)
	for cell, value := range map[string]any{
		"A2": "Order", "B2": "status", "C2": "Shipped", "D2": "Tracking, no.",
		"A3": 100000, "B3": "sent", "C3": at, "D3": "10000000000000",
		"A6": 100001, "B6": "paid", "C6": at,
		"A7": 100002, "B7": "say \"sent\"", "D7": 12345678901234, "F7": true,
	} {
		if err := f.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	for cell, id := range map[string]int{"C3": day, "C6": moment, "G9": day} {
		if err := f.SetCellStyle("Sheet1", cell, cell, id); err != nil {
			t.Fatal(err)
		}
	}
	addSheet(t, f, "Empty", false, "")
	addSheet(t, f, "Old", true, "hidden text")
	want := "\n" +
		"Order,status,Shipped,\"Tracking, no.\",,\n" +
		"100000,sent,2026-05-06,10000000000000,,\n" +
		"\n\n" +
		"100001,paid,2026-05-06T15:42:13,,,\n" +
		"100002,\"say \"\"sent\"\"\",,12345678901234,,TRUE\n"
	got, err := toCSV(saved(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func addSheet(t *testing.T, f *excelize.File, name string, hidden bool, text string) {
	t.Helper()
	_, err := f.NewSheet(name)
	if err == nil && text != "" {
		err = f.SetCellValue(name, "B3", text)
	}
	if err == nil {
		err = f.SetSheetVisible(name, !hidden)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func saved(t *testing.T, f *excelize.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func toCSV(workbook []byte) (string, error) {
	var out strings.Builder
	err := FromSpreadsheet(bytes.NewReader(workbook), int64(len(workbook)), &out)
	return out.String(), err
}

// TestFromSpreadsheetCells gives single cells as they are stored.
func TestFromSpreadsheetCells(t *testing.T) {
	for _, c := range []struct{ name, cell, want string }{
		{"a number", `<c r="A1"><v>100000</v></c>`, "100000"},
		{"a number with an exponent", `<c r="A1"><v>1E+13</v></c>`, "10000000000000"},
		{"fifteen digits", `<c r="A1"><v>1.23456789012345E+14</v></c>`, "123456789012345"},
		{"sixteen digits are not certain", `<c r="A1"><v>1234567890123456</v></c>`, "1.234567890123456E+15"},
		{"nor are 1e15", `<c r="A1"><v>1000000000000000</v></c>`, "1E+15"},
		{"nor are twenty-two", `<c r="A1"><v>9.4055112026E+21</v></c>`, "9.4055112026E+21"},
		{"a whole number with a point", `<c r="A1"><v>100000.0</v></c>`, "100000"},
		{"an amount", `<c r="A1"><v>12.3</v></c>`, "12.3"},
		{"seventeen digits as they are", `<c r="A1"><v>0.30000000000000004</v></c>`, "0.30000000000000004"},
		{"a negative one", `<c r="A1"><v>-5</v></c>`, "-5"},
		{"nothing with a sign", `<c r="A1"><v>-0</v></c>`, "0"},
		{"a small one", `<c r="A1"><v>1.5E-3</v></c>`, "0.0015"},
		{"a tiny one", `<c r="A1"><v>1E-200</v></c>`, "1E-200"},
		{"no number", `<c r="A1"><v>0x1F</v></c>`, "0x1F"},
		{"beyond all numbers", `<c r="A1"><v>1E+999</v></c>`, "1E+999"},
		{"groups are only shown", `<c r="A1" s="7"><v>1234567</v></c>`, "1234567"},
		{"a text", `<c r="A1" t="s"><v>0</v></c>`, "shared"},
		{"a text in pieces, without its pronunciation", `<c r="A1" t="s"><v>1</v></c>`, "RA123"},
		{"escapes", `<c r="A1" t="s"><v>2</v></c>`, "\"a\rb _x000D_ 😀 _x12_ _xD83D_\""},
		{"an inline text", `<c r="A1" t="inlineStr"><is><t> a &lt; b </t></is></c>`, " a < b "},
		{"a line break", `<c r="A1" t="inlineStr"><is><t>a` + "\n" + `b</t></is></c>`, "\"a\nb\""},
		{"true", `<c r="A1" t="b"><v>1</v></c>`, "TRUE"},
		{"false", `<c r="A1" t="b"><v>0</v></c>`, "FALSE"},
		{"an error", `<c r="A1" t="e"><f>B1</f><v>#N/A</v></c>`, "#N/A"},
		{"a formula", `<c r="A1"><f>99999+1</f><v>100000</v></c>`, "100000"},
		{"a formula with a text", `<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>`, "ab"},
		{"a day", `<c r="A1" s="1"><v>46148</v></c>`, "2026-05-06"},
		{"a day whose time is not shown", `<c r="A1" s="1"><v>46148.65432</v></c>`, "2026-05-06"},
		{"a day and time", `<c r="A1" s="2"><v>46148.65432</v></c>`, "2026-05-06T15:42:13"},
		{"midnight", `<c r="A1" s="2"><v>46148</v></c>`, "2026-05-06T00:00:00"},
		{"almost midnight", `<c r="A1" s="2"><v>46148.999999</v></c>`, "2026-05-07T00:00:00"},
		{"a time", `<c r="A1" s="3"><v>0.75</v></c>`, "18:00:00"},
		{"a time of a day", `<c r="A1" s="3"><v>46148.75</v></c>`, "2026-05-06T18:00:00"},
		{"hours beyond a day", `<c r="A1" s="4"><v>1.5</v></c>`, "1.5"},
		{"a format of one's own", `<c r="A1" s="5"><v>46148</v></c>`, "2026-05-06"},
		{"the last of February 1900", `<c r="A1" s="1"><v>59</v></c>`, "1900-02-28"},
		{"a day that never was", `<c r="A1" s="1"><v>60</v></c>`, "1900-02-29"},
		{"the day after it", `<c r="A1" s="1"><v>61</v></c>`, "1900-03-01"},
		{"the first day", `<c r="A1" s="1"><v>1</v></c>`, "1900-01-01"},
		{"no day", `<c r="A1" s="1"><v>0</v></c>`, "0"},
		{"before all days", `<c r="A1" s="1"><v>-1</v></c>`, "-1"},
		{"after all days", `<c r="A1" s="1"><v>10000000</v></c>`, "10000000"},
		{"a day as text", `<c r="A1" t="d"><v>2026-05-06T15:42:13Z</v></c>`, "2026-05-06T15:42:13Z"},
		{"letters that the format puts around", `<c r="A1" s="6"><v>12345678</v></c>`, "RA012345678RU"},
		{"zeros that the format puts before", `<c r="A1" s="8"><v>123</v></c>`, "00123"},
		{"a style that is not there", `<c r="A1" s="99"><v>46148</v></c>`, "46148"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := toCSV(made(t, map[string]string{"xl/worksheets/sheet1.xml": sheetXML(`<row r="1">` + c.cell + `</row>`)}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want+"\n", got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFromSpreadsheetMac counts days from 1904, as old Macs did.
func TestFromSpreadsheetMac(t *testing.T) {
	got, err := toCSV(made(t, map[string]string{
		"xl/workbook.xml":          strings.Replace(parts["xl/workbook.xml"], "<workbookPr/>", `<workbookPr date1904="1"/>`, 1),
		"xl/worksheets/sheet1.xml": sheetXML(`<row><c s="1"><v>0</v></c><c s="1"><v>44686</v></c></row>`),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := "1904-01-01,2026-05-06\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumberFormats(t *testing.T) {
	const number = formatNumber
	for code, want := range map[string]formatKind{
		"General": number, "0": number, "0.00": number, "#,##0.00 [$₽-419]": number, "0.00E+00": number, "0%": number,
		`"day "0`: number, `0" days"`: number, `\d0`: number, "[Red]0": number, "[<=9999999]###-####;(###) ###-####": number,
		`_("$"* #,##0.00_)`: number, "@": number, "": number, ";;;": number, `"`: number, `\`: number, "[": number,
		"yyyy-mm-dd": formatDate, "mmm-yy": formatDate, "[$-419]d mmmm yyyy;@": formatDate, "dd/mm/yyyy": formatDate, "mmmm": formatDate,
		"m/d/yy h:mm": formatDateTime, "[$-409]m/d/yyyy h:mm AM/PM;@": formatDateTime, `yyyy\-mm\-dd\Thh:mm:ss`: formatDateTime,
		"h:mm": formatTime, "mm:ss.0": formatTime, "h:mm A/P": formatTime,
		"[h]:mm:ss": formatElapsed, "[mm]:ss": formatElapsed,
	} {
		if got := parseFormat(code).kind; got != want {
			t.Errorf("%q is kind %d, want %d", code, got, want)
		}
	}
}

func TestMasks(t *testing.T) {
	for _, c := range []struct{ code, digits, want string }{
		{"00000", "123", "00123"},
		{"00000", "1234567", "1234567"},
		{"0000-0000", "1234567", "0123-4567"},
		{"###-0000", "4567", "-4567"},
		{`"№"0`, "7", "№7"},
		{`0\-x`, "7", "7-x"},
		{`0_)`, "7", "7"},
		{`0* `, "7", "7"},
		{"[$€-2] 0", "7", "€ 7"},
		{"[Red]000;-0", "7", "007"},
	} {
		f := parseFormat(c.code)
		got := c.digits
		if f.mask != nil {
			got = f.masked(c.digits)
		}
		if got != c.want {
			t.Errorf("%q shows %s as %q, want %q", c.code, c.digits, got, c.want)
		}
	}
	for _, code := range []string{"General", "0", "#", "#,##0", "0.0", "0%", "# ?/?", `"none"`, "[>5]00"} {
		if f := parseFormat(code); f.mask != nil {
			t.Errorf("%q has a mask: %v", code, f.mask)
		}
	}
}

// TestFromSpreadsheetRefusals holds every refusal to its words.
func TestFromSpreadsheetRefusals(t *testing.T) {
	one := `<row r="1"><c r="A1"><v>1</v></c></row>`
	sheet := func(xml string) []byte { return made(t, map[string]string{"xl/worksheets/sheet1.xml": xml}) }
	rows := func(xml string) []byte { return sheet(sheetXML(xml)) }
	with := func(name string) []byte { return made(t, map[string]string{name: "x"}) }
	for _, c := range []struct {
		name     string
		workbook []byte
		want     string
	}{
		{"a zip", zipped(t, map[string]string{"orders.csv": "a,b\n"}), "this is a zip archive, not a workbook"},
		{"a zip cut off", with("x")[:300], "this is a zip archive that is damaged or cut off"},
		{"macros", with("xl/vbaProject.bin"), "contains macros (.xlsm)"},
		{"binary", with("xl/workbook.bin"), "binary Excel workbook (.xlsb)"},
		{"Word", with("word/document.xml"), "this is a Word document"},
		{"OpenDocument", zipped(t, map[string]string{"mimetype": "x", "content.xml": "x"}), "OpenDocument file (.ods)"},
		{"slides", zipped(t, map[string]string{"[Content_Types].xml": "x"}), "packed document, not an Excel workbook"},
		{"old", []byte(oleStart + strings.Repeat("\x00", 2000)), "old Excel or Word file (.xls, .doc)"},
		{"a password", []byte(oleStart + strings.Repeat("\x00", 1<<16-20) + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"), "protected with a password"},
		{"two sheets", made(t, map[string]string{"xl/worksheets/sheet1.xml": sheetXML(one), "xl/worksheets/sheet2.xml": sheetXML(one)}), `2 sheets of the workbook hold something: "May", "June"`},
		{"hidden sheets", made(t, map[string]string{"xl/workbook.xml": strings.ReplaceAll(parts["xl/workbook.xml"], "sheetId", `state="veryHidden" sheetId`)}), "all sheets of the workbook are hidden"},
		{"no sheets", made(t, map[string]string{"xl/workbook.xml": `<workbook/>`}), "the workbook has no sheet with rows"},
		{"a missing sheet", made(t, map[string]string{"xl/worksheets/sheet1.xml": ""}), "its part xl/worksheets/sheet1.xml is missing"},
		{"a sheet without its relation", made(t, map[string]string{"xl/_rels/workbook.xml.rels": `<Relationships/>`}), `its sheet "May" is missing`},
		{"a hidden row", rows(one + `<row r="7" hidden="1"><c r="A7"><v>1</v></c></row>`), "row 7 is hidden"},
		{"a formula without its result", rows(`<row r="3"><c r="AB3"><f>A1</f></c></row>`), "the cell AB3 holds a formula whose result is not stored"},
		{"rows that go back", rows(`<row r="2"/>` + one), "a row or a cell is out of its place"},
		{"cells that go back", rows(`<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>`), "a row or a cell is out of its place"},
		{"a row beyond the last", rows(`<row r="1048577"/>`), "a row or a cell is out of its place"},
		{"a column beyond the last", rows(`<row r="1"><c r="XFE1"><v>1</v></c></row>`), "a row or a cell is out of its place"},
		{"a column far beyond the last", rows(`<row r="1"><c r="` + strings.Repeat("Z", 40) + `1"><v>1</v></c></row>`), "a row or a cell is out of its place"},
		{"a missing text", rows(`<row r="1"><c r="A1" t="s"><v>9</v></c></row>`), "a cell refers to a text that is not there"},
		{"no XML", sheet("a\x00b"), "the workbook is damaged: xl/worksheets/sheet1.xml"},
		{"XML cut off", sheet(sheetXML(one)[:60]), "the workbook is damaged: xl/worksheets/sheet1.xml"},
		{"XML crossed", sheet("<worksheet><sheetData></worksheet></sheetData>"), "</worksheet> closes nothing"},
		{"XML with entities", sheet(`<!DOCTYPE a [<!ENTITY b "c">]>` + sheetXML(one)), "it has a document type"},
		{"XML with unknown entities", rows(`<row><c t="str"><v>&b;</v></c></row>`), "invalid character entity &b;"},
		{"XML nested deep", rows(`<row><c>` + strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100) + `</c></row>`), "nested too deep"},
		{"wide and high", rows(`<row r="1"><c r="XFD1"><v>1</v></c></row>` + strings.Repeat(`<row><c><v>1</v></c></row>`, 4000)), "16384 columns wide and has 4001 rows"},
		{"two parts of a name", twoLists(t), "two parts of the name xl/workbook.xml"},
		{"a bomb", rows(`<row r="1"><c r="A1" t="str"><v>` + strings.Repeat(" ", 20<<20) + `</v></c></row>`), "more than 200 times its size"},
		{"a declared bomb", declared(t, 1<<40, "x"), "unpacks to more than 512 MiB"},
		{"an undeclared bomb", declared(t, 5, strings.Repeat("<x/>", 1000)), "the workbook is damaged: _rels/.rels: zip: not a valid zip file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := toCSV(c.workbook)
			var refused *FileError
			if !errors.As(err, &refused) || !strings.Contains(refused.Message, c.want) || refused.Hint == "" {
				t.Errorf("got %v (%+v), want %q", err, refused, c.want)
			}
		})
	}
}

// TestFromSpreadsheetLongText refuses a text that would fill the memory, even
// if it does not shrink as a bomb does.
func TestFromSpreadsheetLongText(t *testing.T) {
	var noise strings.Builder
	for i := range uint64(300_000) {
		fmt.Fprintf(&noise, "%x", i*0x9e3779b97f4a7c15)
	}
	workbook := made(t, map[string]string{"xl/worksheets/sheet1.xml": sheetXML(`<row><c t="str"><v>` + noise.String() + `</v></c></row>`)})
	_, err := toCSV(workbook)
	if err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
		t.Errorf("got %v", err)
	}
}

// TestFromSpreadsheetFull passes on that the output cannot be written.
func TestFromSpreadsheetFull(t *testing.T) {
	workbook := made(t, nil)
	err := FromSpreadsheet(bytes.NewReader(workbook), int64(len(workbook)), full{})
	var refused *FileError
	if !errors.Is(err, errDiskFull) || errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

var errDiskFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errDiskFull }

// TestFromSpreadsheetGrid: whatever texts stand in a sheet, a CSV reader finds
// them in their places, and no row is lost or added.
func TestFromSpreadsheetGrid(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9 ,;"'&<>\n\t_xю]{1,12}`))
		grid := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 6).Draw(r, "grid")
		var xml strings.Builder
		var want [][]string
		for _, row := range grid {
			xml.WriteString("<row>")
			for _, text := range row {
				fmt.Fprintf(&xml, `<c t="inlineStr"><is><t>%s</t></is></c>`, escapeXML(text))
			}
			xml.WriteString("</row>")
			if strings.Join(row, "") != "" {
				want = append(want, row)
			}
		}
		xml.WriteString(`<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c><c t="str"><v>c</v></c></row>`)
		want = append(want, []string{"a", "b", "c"})
		text, err := toCSV(made(r, map[string]string{"xl/worksheets/sheet1.xml": sheetXML(xml.String())}))
		if err != nil {
			r.Fatal(err)
		}
		got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
		inside := strings.Count(strings.Join(flat(want), ""), "\n")
		if lines := strings.Count(text, "\n"); lines != len(grid)+1+inside {
			r.Fatalf("%d lines of %d rows with %d line breaks inside", lines, len(grid)+1, inside)
		}
	})
}

func flat(grid [][]string) []string {
	var all []string
	for _, row := range grid {
		all = append(all, row...)
	}
	return all
}

func escapeXML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// FuzzFromSpreadsheet: whatever a sheet's part holds, it is read or refused.
func FuzzFromSpreadsheet(f *testing.F) {
	f.Add(sheetXML(`<row r="1"><c r="A1" s="6"><v>12345678</v></c><c t="s"><v>1</v></c></row>`), parts["xl/styles.xml"])
	f.Add(sheetXML(`<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t></r><rPh><t>b</t></rPh></is></c></row>`), `<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`)
	f.Fuzz(func(t *testing.T, sheet, styles string) {
		_, err := toCSV(made(t, map[string]string{"xl/worksheets/sheet1.xml": sheet, "xl/styles.xml": styles}))
		var refused *FileError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%v is no refusal", err)
		}
	})
}

func BenchmarkFromSpreadsheet(b *testing.B) {
	const n = 10_000
	var xml strings.Builder
	for i := range n {
		fmt.Fprintf(&xml, `<row r="%d"><c r="A%[1]d"><v>%d</v></c><c r="B%[1]d" t="s"><v>0</v></c><c r="C%[1]d" s="2"><v>46148.5</v></c><c r="D%[1]d" t="s"><v>1</v></c></row>`, i+1, 100000+i)
	}
	workbook := made(b, map[string]string{"xl/worksheets/sheet1.xml": sheetXML(xml.String())})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := toCSV(workbook); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}

func sheetXML(rows string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cols><col/></cols>` +
		`<sheetData>` + rows + `</sheetData><legacy/></x:worksheet>`
}

// parts are those of a small workbook with two sheets, of which the first
// holds a cell.
var parts = map[string]string{
	"[Content_Types].xml": `<Types/>`,
	"_rels/.rels":         `<Relationships><Relationship Id="r1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
	"xl/workbook.xml":     `<workbook xmlns:r="http://x"><workbookPr/><sheets><sheet name="May" sheetId="1" r:id="a"/><sheet name="June" sheetId="2" r:id="b"/></sheets></workbook>`,
	"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="http://x/worksheet" Target="/xl/worksheets/sheet1.xml"/>` +
		`<Relationship Id="b" Type="http://x/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="c" Type="http://x/styles" Target="styles.xml"/>` +
		`<Relationship Id="d" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
	"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-419]d\ mmmm\ yyyy;@"/><numFmt numFmtId="165" formatCode="&quot;RA&quot;000000000&quot;RU&quot;"/>` +
		`<numFmt numFmtId="166" formatCode="00000"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>` +
		`<xf numFmtId="20"/><xf numFmtId="46"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="3"/><xf numFmtId="166"/></cellXfs></styleSheet>`,
	"xl/sharedStrings.xml": `<sst><si><t>shared</t></si><si><r><t>RA</t></r><r><t>123</t></r><rPh sb="0" eb="1"><t>aru ei</t></rPh></si>` +
		`<si><t>a_x000D_b _x005F_x000D_ _xD83D__xDE00_ _x12_ _xD83D_</t></si></sst>`,
	"xl/worksheets/sheet1.xml": sheetXML(`<row r="1"><c r="A1"><v>1</v></c></row>`),
	"xl/worksheets/sheet2.xml": sheetXML(``),
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// made is that workbook with some parts replaced, or left out if empty.
func made(t fataler, other map[string]string) []byte {
	t.Helper()
	all := maps.Clone(parts)
	for name, text := range other {
		if all[name] = text; text == "" {
			delete(all, name)
		}
	}
	return zipped(t, all)
}

func zipped(t fataler, all map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(all[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// twoLists is a workbook with two lists of sheets: which one is read would be
// chance.
func twoLists(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"xl/workbook.xml", "XL/Workbook.xml"} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// declared is a workbook whose directory says a wrong size of a part.
func declared(t *testing.T, size uint64, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	header := &zip.FileHeader{
		Name: "_rels/.rels", Method: zip.Store, UncompressedSize64: size,
		CompressedSize64: uint64(len(text)), CRC32: crc32.ChecksumIEEE([]byte(text)),
	}
	f, err := w.CreateRaw(header)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		_, err = w.Create("[Content_Types].xml")
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

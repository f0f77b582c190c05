package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"billmark/batch"
)

// elements lists the elements of a part with their attributes, one a line, and
// fails on what is no XML.
func elements(t testing.TB, text string) (list []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%v in %.100s", err, text)
		}
		if e, ok := token.(xml.StartElement); ok {
			s := e.Name.Local
			for _, a := range e.Attr {
				s += " " + a.Name.Local + "=" + a.Value
			}
			list = append(list, s)
		}
	}
}

// The archive is plain, says the same at any time, and programs that tell files
// by their beginning find what they look for.
func TestWorkbookArchive(t *testing.T) {
	h, lines := mixed()
	data := write(t, ".xlsx", h, lines)
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range archive.File {
		got = append(got, f.Name)
		if !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) || f.Method != zip.Deflate {
			t.Errorf("%s: %v, method %d", f.Name, f.Modified, f.Method)
		}
		elements(t, part(t, data, f.Name))
	}
	want := []string{
		"[Content_Types].xml", "_rels/.rels", "docProps/core.xml", "docProps/app.xml", "xl/workbook.xml",
		"xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every part has a type, every link leads to a part, and every part is linked.
func TestWorkbookLinks(t *testing.T) {
	h, lines := mixed()
	data := write(t, ".xlsx", h, lines)
	var typed, linked []string
	var types struct {
		Override []struct {
			PartName string `xml:",attr"`
		}
	}
	if err := xml.Unmarshal([]byte(part(t, data, "[Content_Types].xml")), &types); err != nil {
		t.Fatal(err)
	}
	for _, o := range types.Override {
		typed = append(typed, strings.TrimPrefix(o.PartName, "/"))
		part(t, data, strings.TrimPrefix(o.PartName, "/"))
	}
	for file, folder := range map[string]string{"_rels/.rels": "", "xl/_rels/workbook.xml.rels": "xl"} {
		var links struct {
			Relationship []struct {
				Target string `xml:",attr"`
			}
		}
		if err := xml.Unmarshal([]byte(part(t, data, file)), &links); err != nil {
			t.Fatal(err)
		}
		for _, l := range links.Relationship {
			linked = append(linked, path.Join(folder, l.Target))
		}
	}
	slices.Sort(typed)
	slices.Sort(linked)
	if diff := cmp.Diff(typed, linked); diff != "" || len(typed) != 6 {
		t.Errorf("(-typed +linked):\n%s", diff)
	}
}

// Programs want the elements of a sheet in one order, and the columns too.
func TestWorkbookSheet(t *testing.T) {
	h, lines := mixed()
	sheet := part(t, write(t, ".xlsx", h, lines), rowsPart)
	var outline []string
	for _, e := range elements(t, sheet) {
		if name, _, _ := strings.Cut(e, " "); !slices.Contains([]string{"row", "c", "is", "t", "v"}, name) {
			outline = append(outline, e)
		}
	}
	want := []string{
		"worksheet xmlns=http://schemas.openxmlformats.org/spreadsheetml/2006/main", "dimension ref=A1:M11", "sheetViews",
		"sheetView tabSelected=1 workbookViewId=0", "pane ySplit=1 topLeftCell=A2 activePane=bottomLeft state=frozen",
		"selection pane=bottomLeft", "sheetFormatPr defaultRowHeight=15", "cols",
	}
	for i, width := range []int{14, 14, 14, 14, 14, 9, 19, 12, 8, 60, 10, 50, 21} {
		want = append(want, fmt.Sprintf("col min=%[1]d max=%[1]d width=%[2]d customWidth=1", i+1, width))
	}
	want = append(want, "sheetData", "autoFilter ref=A1:M11", "ignoredErrors", "ignoredError sqref=A1:M11 numberStoredAsText=1")
	if diff := cmp.Diff(want, outline); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The filter has its name in the workbook, where programs look for it.
func TestWorkbookFilter(t *testing.T) {
	h, lines := mixed()
	names := open(t, write(t, ".xlsx", h, lines)).GetDefinedName()
	if len(names) != 1 || names[0].Name != "_xlnm._FilterDatabase" || names[0].RefersTo != "report!$A$1:$M$11" || names[0].Scope != "report" {
		t.Errorf("%+v", names)
	}
}

// The styles that cells name are those of the part: as many as it says, and
// each class has its own or the plain one.
func TestWorkbookStyles(t *testing.T) {
	counts := map[string]int{}
	inCells := false
	for _, e := range elements(t, stylesXML()) {
		name, rest, _ := strings.Cut(e, " ")
		switch {
		case strings.HasPrefix(rest, "count="):
			n, err := strconv.Atoi(strings.TrimPrefix(rest, "count="))
			if err != nil {
				t.Fatal(e, err)
			}
			inCells = name == "cellXfs"
			counts[name] = n
		case name == "xf" && inCells:
			counts["cellXfs"]--
		case name == "fill":
			counts["fills"]--
		}
	}
	if counts["cellXfs"] != 0 || counts["fills"] != 0 {
		t.Errorf("left: %v", counts)
	}
	seen := map[xlsxStyle]int{}
	for _, c := range batch.Classes {
		seen[rowStyle(c)]++
	}
	if len(seen) != len(tints)+1 || seen[stylePlain] != len(batch.Classes)-len(tints) {
		t.Errorf("%v", seen)
	}
}

// Texts are written so that every reader of XML, and after it every spreadsheet
// program, gives them back.
func TestWorkbookText(t *testing.T) {
	for in, want := range map[string]string{
		"a_b xyz":       "a_b xyz",
		"<&>\"']]>":     "&lt;&amp;&gt;\"']]&gt;",
		"a\r\n\tb":      "a&#xD;\n\tb",
		"\x00\x1f\x7f":  "\ufffd\ufffd\x7f",
		"\ufffe\uffff":  "\ufffd\ufffd",
		"\ufffd😀":       "\ufffd😀",
		"\xd0\xff":      "\ufffd\ufffd",
		"\xed\xa0\x80":  "\ufffd\ufffd\ufffd", // half a surrogate pair
		"_x0041_":       "_x005F_x0041_",
		"_x005F_x0041_": "_x005F_x005F_x005F_x0041_",
		"_xabcd_x0041_": "_x005F_xabcd_x005F_x0041_", // the two share a mark
		"__x0041_":      "__x005F_x0041_",
		"_x4_":          "_x005F_x4_",
		"_x_":           "_x_",
		"_x00041_":      "_x00041_",
		"_x004G_":       "_x004G_",
		"_X0041_":       "_X0041_",
		"_x0041":        "_x0041",
		"_x":            "_x",
	} {
		if got := string(appendXML(nil, in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]bool{"": false, "a b": false, " a": true, "a\n": true, "\ta": true, "a\r": true} {
		if outerBlank(in) != want {
			t.Errorf("%q: %v", in, !want)
		}
	}
}

func TestColumnName(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA", xlsxColumns - 1: "XFD"} {
		if got := columnName(i); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

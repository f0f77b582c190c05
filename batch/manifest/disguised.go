package manifest

import (
	"bytes"
	"strings"
)

// disguises are the beginnings of files that are no CSV, whatever their name.
var disguises = []struct{ start, what string }{
	{"PK\x03\x04", "a zip archive (perhaps a spreadsheet)"},
	{"PK\x05\x06", "an empty zip archive"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file"},
	{"%PDF", "a PDF file"},
	{"\x1f\x8b", "a gzip archive"},
	{"BZh", "a bzip2 archive"},
	{"\xfd7zXZ", "an xz archive"},
	{"7z\xbc\xaf", "a 7-Zip archive"},
	{"Rar!", "a RAR archive"},
	{"\x28\xb5\x2f\xfd", "a zstd archive"},
	{"{\\rtf", "an RTF file"},
	{"SQLite format 3\x00", "a SQLite database"},
	{"\x89PNG", "a picture"},
	{"\xff\xd8\xff", "a picture"},
	{"GIF8", "a picture"},
	{"\x7fELF", "a program"},
	{"MZ\x90\x00", "a program"},
	{"\xff\xfe\x00\x00", "a UTF-32 text"},
	{"\x00\x00\xfe\xff", "a UTF-32 text"},
	{"ID;PWXL", "a SYLK file"},
	{"ID;PSCALC", "a SYLK file"},
	{"MIME-Version:", "a web page or a mail"},
	{"{\"", "a JSON file"},
	{"[{", "a JSON file"},
	{"{\n", "a JSON file"},
	{"{\r", "a JSON file"},
	{"[\n", "a JSON file"},
	{"1CClientBankExchange", "a 1C bank exchange file"},
}

// disguised says what a file really is, if its beginning shows that it is no
// CSV.
func disguised(head []byte) string {
	for _, d := range disguises {
		if bytes.HasPrefix(bytes.TrimPrefix(head, []byte("\ufeff")), []byte(d.start)) {
			return d.what
		}
	}
	// Of UTF-16 the zeros are left out, so that plain text remains.
	plain := head[:min(len(head), 512)]
	plain = bytes.ReplaceAll(plain[byMark(plain).mark:], []byte{0}, nil)
	text := strings.ToLower(strings.TrimLeft(string(plain), " \t\r\n"))
	for _, tag := range []string{"<!doctype", "<html", "<table", "<?xml", "<meta", "<head", "<style", "<workbook"} {
		if strings.HasPrefix(text, tag) {
			return "an HTML or XML file (some portals call it .xls or .csv)"
		}
	}
	return ""
}

package manifest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"billmark/batch"
)

// readHeader finds the header and the delimiter, and where the rows begin.
func (f *File) readHeader() error {
	head, err := f.readHead()
	if err != nil {
		return err
	}
	titles, err := f.titles(head)
	if err != nil {
		return err
	}
	isAll := len(head) < mostHead
	head, skipped := head[titles:], head[:titles]
	if err := f.readDelimiter(head); err != nil {
		return err
	}
	record, err := f.headerRecord(skipped, head, isAll)
	if err != nil {
		return err
	}
	if f.header, err = split(nil, trimStart(record), f.delimiter); err != nil {
		return f.refuse("mend the quotes of the header", "line %d: %v", f.headerLine(skipped, record), err)
	}
	whole := append(bytes.Clone(skipped), record...)
	if f.raw, err = f.text.encode(whole); err != nil {
		return fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	mark := make([]byte, f.text.mark)
	if _, err := f.input.ReadAt(mark, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	f.raw = append(mark, f.raw...)
	f.start = batch.Mark{Lines: lines(whole), Offset: int64(len(f.raw))}
	return nil
}

// mostHead is how much of a file the header must be in.
const mostHead = maxRecord + headSize

// readHead reads it.
func (f *File) readHead() ([]byte, error) {
	head, err := io.ReadAll(io.LimitReader(f.decoded(int64(f.text.mark)), mostHead))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.options.Name, err)
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, f.refuse("is it the right file? The first line must name the columns", "the file is empty: it has no header")
	}
	return head, nil
}

// headerLine is the line on which the header begins.
func (f *File) headerLine(skipped, record []byte) int {
	return 1 + lines(skipped) + lines(record[:len(record)-len(trimStart(record))])
}

// headerRecord cuts the header off what follows the titles, with the empty
// lines before it. isAll says that the head is the whole file.
func (f *File) headerRecord(skipped, head []byte, isAll bool) ([]byte, error) {
	at := len(head) - len(trimStart(head))
	record, _, whole := cutRecord(head[at:])
	line := f.headerLine(skipped, head)
	switch body := trimEnd(record); {
	case len(body) == 0:
		return nil, f.refuse("is the profile the right one?", "the file has no lines after those that are left out")
	case len(body) > maxRecord, !whole && !isAll:
		return nil, f.refuse("is it the right file? The first line must name the columns", "line %d: the header is longer than 1 MiB", line)
	case !whole && bytes.Count(record, []byte(`"`))%2 != 0:
		return nil, f.refuse("close the quote, or take it out", "line %d: %v", line, errUnclosed)
	case bytes.HasSuffix(body, []byte("\r")):
		return nil, f.refuse("save it anew as CSV", "line %d ends with a doubled carriage return, as when a file is converted twice", line)
	case bytes.ContainsRune(body, '\r') && outsideQuotes(body, '\r'):
		return nil, f.refuse("save it anew as CSV", "line %d: %s", line, loneCR)
	case bytes.ContainsAny(body, "\n\r") && !f.options.Multiline:
		return nil, f.refuse("close the quote where the cell ends; say --multiline if the line break is meant", "line %d: %s", line, brokenLine)
	}
	return head[:at+len(record)], nil
}

// titles is the length of what stands above the header: title lines, or the
// line with which spreadsheets are told the delimiter.
func (f *File) titles(head []byte) (int, error) {
	delimiter, end := separatorLine(head)
	if end > 0 && isAuto(f.options.Delimiter) {
		f.options.Delimiter = delimiter
	}
	if f.options.Skip > 0 { // it counts all lines
		end = 0
	}
	for range f.options.Skip {
		at := bytes.IndexByte(head[end:], '\n')
		if at < 0 {
			return 0, f.refuse("is the profile the right one?", "the file has no more than %d lines", f.options.Skip)
		}
		end += at + 1
	}
	if f.options.Before == "" {
		return end, nil
	}
	for {
		line := strings.TrimLeft(string(head[end:min(len(head), end+4*len(f.options.Before)+64)]), "\ufeff \",;\t|")
		if strings.HasPrefix(strings.ReplaceAll(line, `"`, ""), strings.ReplaceAll(f.options.Before, `"`, "")) {
			return end, nil
		}
		at := bytes.IndexByte(head[end:], '\n')
		if at < 0 {
			return 0, f.refuse("is the profile the right one?", "no line begins with %q, as the header should", f.options.Before)
		}
		end += at + 1
	}
}

// separatorLine knows a first line like sep=; and its length.
func separatorLine(head []byte) (delimiter string, end int) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	text := strings.Trim(strings.TrimRight(string(line), "\r"), `"`)
	if len(text) < 5 || !strings.EqualFold(text[:4], "sep=") || len(line) == len(head) {
		return "", 0
	}
	if r, n := utf8.DecodeRuneInString(text[4:]); n != len(text)-4 || !isDelimiter(r) {
		return "", 0
	}
	return text[4:], len(line) + 1
}

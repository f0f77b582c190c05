package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"billmark/batch/manifest"
)

// textEndings are those of files that say that they are text: a container
// under such a name is in disguise, and is refused.
var textEndings = []string{".csv", ".txt", ".tsv", ".tab", ".dat"}

// unpack replaces the copy of an Excel workbook by its rows as CSV, which all
// passes read. The digest stays that of the user's file.
func (p *privateCopy) unpack() error {
	head := make([]byte, 8)
	n, err := p.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading the private copy of %s: %w", p.name, err)
	}
	if !manifest.Packed(head[:n]) || slices.Contains(textEndings, strings.ToLower(filepath.Ext(p.base))) {
		return nil
	}
	rows, err := newCopyFile(p.name)
	if err != nil {
		return err
	}
	packed := p.file
	w := bufio.NewWriter(rows)
	err = manifest.FromSpreadsheet(packed, p.size, w)
	if refused, ok := errors.AsType[*manifest.FileError](err); ok {
		refused.Name = p.name
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		p.size, err = rows.Seek(0, io.SeekCurrent)
	}
	if err != nil {
		return errors.Join(err, dispose(rows))
	}
	p.file, p.workbook = rows, true
	return dispose(packed)
}

// newCopyFile makes a temporary file that nobody else can find, where the
// system lets us.
func newCopyFile(name string) (*os.File, error) {
	f, err := os.CreateTemp("", "billmark-*.csv")
	if err != nil {
		return nil, fmt.Errorf("making a private copy of %s: %w", name, err)
	}
	os.Remove(f.Name()) // where it can be done; dispose tries again
	return f, nil
}

// dispose closes a temporary file for good.
func dispose(f *os.File) error {
	err := f.Close()
	os.Remove(f.Name())
	return err
}

// options is how the copy is to be read. What came out of a workbook is in the
// form that we gave it, whatever the settings say of others.
func (d *desk) options(zone *time.Location) manifest.Options {
	o := d.s.manifestOptions(d.copy.name, zone)
	if d.copy.workbook {
		o.Delimiter, o.Encoding = "comma", "utf-8"
	}
	return o
}

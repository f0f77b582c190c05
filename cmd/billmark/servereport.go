package main

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/cmd/billmark/web"
	"billmark/report"
)

// Rows implements web.Bench.
func (b *bench) Rows(id, lang string, give func(*report.Head, report.Line) error) error {
	return b.at(func() error {
		return b.open(id, func(d *desk) error {
			head := inLanguage(d.head(), lang)
			return d.decided.Each(func(row *batch.Row, o batch.Outcome) error {
				return give(&head, report.Line{Row: row, Outcome: o})
			})
		})
	})
}

// Report implements web.Bench.
func (b *bench) Report(id, format, lang string, to io.Writer) (name string, err error) {
	err = b.at(func() error {
		if b.inWork() != "" {
			return errBusy
		}
		return b.open(id, func(d *desk) error {
			name, err = d.reportTo(format, lang, to)
			return err
		})
	})
	return name, err
}

// reportTo writes one report by way of a scratch folder: the writers of package
// report replace files whole.
func (d *desk) reportTo(format, lang string, to io.Writer) (name string, err error) {
	folder, err := os.MkdirTemp("", "billmark-report-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "report."+format)
	name = beside(d.copy.base, ".report."+format)
	var w report.Writer
	if format == "failed" {
		ext := filepath.Ext(d.copy.base)
		if ext == "" || d.copy.workbook {
			ext = ".csv"
		}
		name = beside(d.copy.base, ".failed"+ext)
		w = report.NewFailed(path, d.file.HeaderRaw(), nil)
	} else {
		head, err := d.reportHead()
		if err != nil {
			return "", err
		}
		if w, err = report.Create(path, inLanguage(head, lang)); err != nil {
			return "", err
		}
	}
	if err := d.writeTo(w); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &web.Trouble{Message: "no row of this file is to be mended", Status: http.StatusNotFound}
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return name, err
}

// inLanguage is a head in the language of the page.
func inLanguage(h report.Head, lang string) report.Head {
	h.Lang, h.CodeWords = lang, func(code string) string { return api.Words(code, lang) }
	return h
}

// writeTo gives every row to one writer.
func (d *desk) writeTo(w report.Writer) error {
	var room [128]byte
	err := d.decided.Each(func(row *batch.Row, o batch.Outcome) error {
		line := report.Line{Row: row, Outcome: o}
		if o.Posted {
			line.Sent = string(api.AppendForm(room[:0], row.Update))
		}
		return w.Row(line)
	})
	if err != nil {
		w.Abort()
		return err
	}
	return w.Close()
}

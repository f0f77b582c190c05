package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"billmark/batch"
	"billmark/batch/manifest"
)

// findWords asks what the words of the status column mean.
func (p *proposal) findWords() error {
	words, err := p.statusWords()
	if err != nil {
		return err
	}
	var kept []string
	leftOut := false
	for _, word := range words {
		if known, _ := p.meaning(word); known {
			kept = append(kept, word)
			continue
		}
		if slices.ContainsFunc(p.s.where, func(x pair) bool { return x.name == p.s.columns.byName()["status"] }) {
			continue // the user chose among them
		}
		status, err := p.askWord(word)
		if err != nil {
			return err
		}
		if status == "" {
			leftOut = true
			continue
		}
		kept = append(kept, word)
		p.s.word = append(p.s.word, pair{status, word})
	}
	if leftOut {
		for _, word := range kept {
			p.s.where = append(p.s.where, pair{p.s.columns.byName()["status"], word})
		}
	}
	return nil
}

// askWord asks for the status that a word means; "" leaves its rows out.
func (p *proposal) askWord(word string) (string, error) {
	for {
		answer, err := p.ask(fmt.Sprintf("What does %q mean: sent, paid, return, cancel? (- leaves such rows out)", shorten(word)), "-", "--word")
		if err != nil || isNone(answer) {
			return "", err
		}
		if s, ok := batch.ParseStatus(strings.ToLower(answer)); ok {
			return s.String(), nil
		}
		fmt.Fprintf(p.c.err, "%q is no status%s\n", shorten(answer), didYouMean(answer, statusNames))
	}
}

// meaning is what a word of the status column means, if that is known.
func (p *proposal) meaning(word string) (known bool, status string) {
	folded := strings.ToLower(strings.TrimSpace(word))
	for _, x := range p.s.word {
		if strings.ToLower(strings.TrimSpace(x.value)) == folded {
			return true, x.name
		}
	}
	_, known = batch.ParseStatus(folded)
	return known, folded
}

// statusWords are the words of the status column, in the order in which they
// occur.
func (p *proposal) statusWords() ([]string, error) {
	const most = 30
	f, err := p.open("")
	if err != nil {
		return nil, err
	}
	at := slices.Index(f.Header(), p.s.columns.byName()["status"])
	var words []string
	err = eachRow(f, func(row *batch.Row) error {
		cells := row.Cells()
		if at < 0 || at >= len(cells) {
			return nil
		}
		word := strings.TrimSpace(cells[at])
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
		if len(words) > most {
			return refused(fmt.Sprintf("the column %q holds more than %d different values", f.Header()[at], most), "is it the right one?")
		}
		return nil
	})
	return words, err
}

// eachRow reads a file once.
func eachRow(f *manifest.File, do func(*batch.Row) error) (err error) {
	pass, err := f.OpenAt(batch.Mark{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	for {
		row, err := pass.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
}

// takes reports whether rows of a status can occur.
func (p *proposal) takes(s batch.Status) bool {
	if all := p.s.set.byName()["status"]; all != "" {
		_, status := p.meaning(all)
		return status == s.String()
	}
	words, err := p.statusWords()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(words, func(word string) bool {
		known, status := p.meaning(word)
		return known && status == s.String()
	})
}

// try reads the file with what was found, asks for the order of day and month
// if the file does not decide it, and tells what came of it.
func (p *proposal) try() error {
	rows, valid, first, err := p.count()
	if _, undecided := errors.AsType[*manifest.FileError](err); undecided && p.s.dateFormat == "auto" {
		fmt.Fprintf(p.c.err, "%v\n", err)
		answer, failed := p.ask("Does the day stand first in dates (dmy), or the month (mdy)? (- if this is not about dates)", "", "--date-format")
		if failed != nil {
			return failed
		}
		if isNone(answer) {
			return err
		}
		if failed := settable().Set("date-format", answer); failed != nil {
			return usage(failed.Error(), "say dmy or mdy")
		}
		p.s.dateFormat = answer
		rows, valid, first, err = p.count()
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.c.err, "So read, %d of %s are valid updates.\n", valid, many(rows, "row"))
	if first != nil {
		fmt.Fprintf(p.c.err, "The first that is not: %s\n", faultLine(*first))
	}
	return nil
}

// count reads all rows.
func (p *proposal) count() (rows, valid int, first *batch.Fault, err error) {
	o := p.s.manifestOptions(p.copy.name, nil)
	if p.copy.workbook {
		o.Delimiter, o.Encoding = "comma", "utf-8"
	}
	columns := p.s.columns.byName()
	if columns["date"] == "" && o.Set["date"] == "" { // to be given with each file
		o.Set["date"], o.DateFormat = "2024-01-01", ""
	}
	if columns["rpo"] == "" && o.Set["rpo"] == "" {
		o.Set["rpo"] = "AA123456789AA"
	}
	f, err := manifest.Open(p.copy.file, p.copy.size, o)
	if err != nil {
		return 0, 0, nil, err
	}
	err = eachRow(f, func(row *batch.Row) error {
		switch {
		case row.Skipped:
			return nil
		case len(row.Faults) == 0:
			valid++
		case first == nil:
			fault := row.Faults[0]
			first = &fault
		}
		rows++
		return nil
	})
	return rows, valid, first, err
}

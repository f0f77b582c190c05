package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/manifest"
)

func newProfileCommand(c *console) *cobra.Command {
	s := defaults()
	save := ""
	cmd := &cobra.Command{
		Use:   "new FILE",
		Short: "propose a profile for a file, asking what cannot be known",
		Long: `new looks at a file, asks what cannot be known from it, and prints a profile for
files of its kind. What a flag says is not asked. Answers are read from standard
input, one a line; an empty one takes what stands in brackets.`,
		Example: `  billmark profiles new parcels.csv > parcels.toml
  billmark profiles new --save parcels --set status=sent parcels.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "-" {
				return nil
			}
			return usage("one file must be named", "say billmark profiles new FILE; standard input is for the answers")
		},
		RunE: func(_ *cobra.Command, args []string) error { return newProfile(c, s, args[0], save) },
	}
	s.manifestFlags(cmd.Flags())
	for _, name := range []string{"max-invalid", "expect-rows", "expect", "again", "first"} { // of a run, not of a kind of files
		cmd.Flags().Lookup(name).Hidden = true
	}
	cmd.Flags().StringVar(&save, "save", "", "keep it as the profile `NAME`, and do not print it")
	return cmd
}

// proposal is a profile that is being found out.
type proposal struct {
	c      *console
	s      *settings // what is known so far
	in     *bufio.Reader
	copy   *privateCopy
	header []string
}

// newProfile is billmark profiles new.
func newProfile(c *console, s *settings, file, save string) (err error) {
	p := &proposal{c: c, s: s, in: bufio.NewReader(c.in)}
	if p.copy, err = copyManifest(c, file); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.copy.Close()) }()
	for _, step := range []func() error{p.findHeader, p.findBill, p.findStatus, p.findDate, p.findRPO, p.try} {
		if err := step(); err != nil {
			return err
		}
	}
	text, err := p.text()
	if err != nil {
		return err
	}
	if save != "" {
		return saveProfile(c, save, text)
	}
	_, err = c.out.Write(text)
	return err
}

// ask asks for one line. Without a usual answer there must be one.
func (p *proposal) ask(question, usual, flag string) (string, error) {
	if usual != "" {
		question += fmt.Sprintf(" [%s]", usual)
	}
	fmt.Fprintf(p.c.err, "%s ", question)
	line, err := p.in.ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	if err == io.EOF {
		fmt.Fprintln(p.c.err)
	}
	line = strings.TrimSpace(line)
	if line == "" {
		line = usual
	}
	if line == "" && err == io.EOF {
		return "", usage("there is no answer to: "+question, "answer on standard input, or say "+flag)
	}
	return line, nil
}

// open reads the file with what is known. For fields that are not, but for
// one, it gives values, so that no column is looked for.
func (p *proposal) open(lookFor string) (*manifest.File, error) {
	o := p.s.manifestOptions(p.copy.name, nil)
	if p.copy.workbook {
		o.Delimiter, o.Encoding = "comma", "utf-8"
	}
	o.DateFormat, o.Where = "", nil
	for field, value := range map[string]string{"bill_id": "1", "status": "sent", "date": "2024-01-01", "rpo": "AA123456789AA"} {
		if _, known := o.Columns[field]; !known && field != lookFor && o.Set[field] == "" {
			o.Set[field] = value
		}
	}
	return manifest.Open(p.copy.file, p.copy.size, o)
}

// probable is the header of a field's column, as far as it can be told.
func (p *proposal) probable(field string) string {
	f, err := p.open(field)
	if err != nil {
		return ""
	}
	for _, m := range f.Mapping() {
		if m.Field == field {
			return m.Header
		}
	}
	return ""
}

// findHeader finds the line with the headers: the one with the most, among the
// first lines, if the first has hardly any.
func (p *proposal) findHeader() error {
	if p.s.skip == 0 && p.s.before == "" {
		best, err := p.fullestLine()
		if err != nil {
			return err
		}
		if best > 0 {
			answer, err := p.ask("Which line holds the names of the columns?", fmt.Sprint(best+1), "--skip")
			if err != nil {
				return err
			}
			var line count
			if err := line.Set(answer); err != nil {
				return usage(fmt.Sprintf("%q is no line", answer), "give its number, from 1 on")
			}
			p.s.skip = line - 1
		}
	}
	f, err := p.open("")
	if err != nil {
		return err
	}
	p.header = f.Header()
	if !p.copy.workbook {
		p.s.delimiter = f.Delimiter()
		if f.Encoding() != "utf-8" {
			p.s.encoding = f.Encoding()
		}
	}
	fmt.Fprintf(p.c.err, "The columns of %s:\n", p.copy.name)
	for i, h := range p.header {
		fmt.Fprintf(p.c.err, "%4d  %s\n", i+1, shorten(h))
	}
	return nil
}

// fullestLine is how many lines stand above the header.
func (p *proposal) fullestLine() (int, error) {
	const looked = 20
	defer func() { p.s.skip = 0 }()
	best, most, first := 0, 0, 0
	for skip := range looked {
		p.s.skip = count(skip)
		f, err := p.open("")
		if err != nil && skip == 0 {
			return 0, err
		}
		if err != nil {
			break
		}
		n := 0
		for _, h := range f.Header() {
			if strings.TrimSpace(h) != "" {
				n++
			}
		}
		if skip == 0 {
			first = n
		}
		if n > most { // empty lines above a header are passed over too
			best, most = max(0, bytes.Count(f.HeaderRaw(), []byte("\n"))-1), n
		}
	}
	if first*2 > most {
		best = 0
	}
	return best, nil
}

// column is the header that an answer means: a header, or its number.
func (p *proposal) column(answer string) (string, bool) {
	for _, same := range []func(string) bool{
		func(h string) bool { return h == answer },
		func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), answer) },
	} {
		for _, h := range p.header {
			if same(h) {
				return h, true
			}
		}
	}
	var n count
	if n.Set(answer) == nil && int(n) <= len(p.header) {
		return p.header[n-1], true
	}
	return "", false
}

// askColumn asks for the column of a field until there is one. Other answers
// that count are given to other, which may be nil.
func (p *proposal) askColumn(field, question string, other func(string) bool) error {
	if p.s.columns.byName()[field] != "" || p.s.set.byName()[field] != "" {
		return nil
	}
	for {
		answer, err := p.ask(question, p.probable(field), fmt.Sprintf("--column %s=HEADER", field))
		if err != nil {
			return err
		}
		if h, ok := p.column(answer); ok {
			p.s.columns = append(p.s.columns, pair{field, h})
			return nil
		}
		if other != nil && other(strings.ToLower(answer)) {
			return nil
		}
		fmt.Fprintf(p.c.err, "%q is neither a column nor its number%s\n", shorten(answer), didYouMean(answer, p.header))
	}
}

func (p *proposal) findBill() error {
	return p.askColumn("bill_id", "Which column holds the service's order number?", nil)
}

func (p *proposal) findStatus() error {
	err := p.askColumn("status", "Which column tells the status? Or is it sent, paid, return or cancel for all rows?", func(answer string) bool {
		_, ok := batch.ParseStatus(answer)
		if ok {
			p.s.set = append(p.s.set, pair{"status", answer})
		}
		return ok
	})
	if err != nil || p.s.set.byName()["status"] != "" {
		return err
	}
	return p.findWords()
}

func (p *proposal) findDate() error {
	if !p.takes(batch.Sent) && !p.takes(batch.Paid) {
		return nil
	}
	return p.askColumn("date", "Which column holds the date? (- if none does)", isNone)
}

func (p *proposal) findRPO() error {
	if !p.takes(batch.Sent) {
		return nil
	}
	return p.askColumn("rpo", "Which column holds the tracking number? (- if none does)", isNone)
}

func isNone(answer string) bool { return answer == "-" }

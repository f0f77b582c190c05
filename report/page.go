package report

import (
	"fmt"
	"html/template"
	"time"

	"billmark/batch"
)

// page is what the template shows.
type page struct {
	Words                        *pageWords
	Head                         *Head
	Title, Sentence, Mood        string
	Style                        template.CSS
	Script                       template.JS
	StyleSum, ScriptSum          string
	Width, BarHeight, TimeHeight int
	Bar                          []box
	Tally, Total                 string
	Counts                       []pageCount
	Time                         []column
	From, To, Bins               string
	Runs                         []pageRun
	Own                          []string
	Names                        map[string]string
	Columns                      int
	Groups                       []pageGroup
}

// pageCount is the count of one outcome.
type pageCount struct{ Class, Name, Number, Todo string }

// pageRun is one run over the manifest.
type pageRun struct {
	ID                                        int64
	Started, Finished, Requests, Version, End string
}

// pageGroup is one part of the table of rows.
type pageGroup struct {
	Title, Missing string
	Rows           []pageRow
}

// fixedColumns is how many columns the table has beside the manifest's own.
const fixedColumns = 7

func (w *htmlReport) page() *page {
	h, words := &w.head, pageWordsIn(w.head.Lang)
	p := &page{
		Words: words, Head: h, Title: fmt.Sprintf(words.Title, h.File),
		Sentence: words.sentence(h.Rows, h.Counts), Mood: mood(h),
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), StyleSum: styleSum, ScriptSum: scriptSum,
		Width: pictureWidth, BarHeight: barHeight, TimeHeight: timeHeight,
		Bar: drawOutcomes(h.Counts), Tally: words.tally(h.Counts), Total: words.number(h.Rows),
		Names: map[string]string{}, Columns: fixedColumns + len(h.Header),
	}
	for _, name := range h.Header {
		p.Own = append(p.Own, shown(name))
	}
	p.counts()
	p.runs()
	p.overTime(&w.time)
	p.group(words.Failures, &w.failures)
	p.group(words.Others, &w.others)
	return p
}

// mood is the colour of the sentence.
func mood(h *Head) string {
	switch {
	case h.Counts[batch.Unverified]+h.Counts[batch.Unknown] > 0:
		return "doubt"
	case h.Counts[batch.Rejected]+h.Counts[batch.Invalid] > 0:
		return "bad"
	case h.Counts[batch.Unsent] > 0:
		return "open"
	}
	return "good"
}

func (p *page) counts() {
	for _, c := range batch.Classes {
		p.Names[c.String()] = p.Words.names[c]
		if n := p.Head.Counts[c]; n > 0 {
			p.Counts = append(p.Counts, pageCount{c.String(), p.Words.names[c], p.Words.number(n), p.Words.todo[c]})
		}
	}
}

func (p *page) runs() {
	for _, r := range p.Head.Runs {
		p.Runs = append(p.Runs, pageRun{
			r.ID, moment(r.Started), moment(r.Finished), requestsText(r, p.Words.number), r.Version, p.Words.end(r),
		})
	}
}

// overTime draws when rows were finished.
func (p *page) overTime(t *timeline) {
	bins := t.list()
	if len(bins) == 0 {
		return
	}
	fullest := 0
	for _, counts := range bins {
		fullest = max(fullest, total(counts))
	}
	p.Time = drawBins(bins, func(n int, counts classCounts) string {
		return inUTC(t.start(n)) + ": " + p.Words.tally(counts)
	})
	p.From, p.To = inUTC(t.start(0)), inUTC(t.start(len(bins)))
	p.Bins = fmt.Sprintf(p.Words.Bins, p.Words.span(t.width()), p.Words.number(fullest))
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// group adds rows to the table, and says so if some are missing.
func (p *page) group(title string, k *kept) {
	if k.count == 0 {
		return
	}
	g := pageGroup{Title: fmt.Sprintf("%s: %s", title, p.Words.number(k.count)), Rows: k.rows}
	if len(k.rows) < k.count {
		g.Missing = fmt.Sprintf(p.Words.Missing, p.Words.number(len(k.rows)), p.Words.number(k.count))
	}
	p.Groups = append(p.Groups, g)
}

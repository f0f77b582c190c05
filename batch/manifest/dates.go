package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"billmark/batch"
	"billmark/batch/api"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The forms in which dates are read.
type dateForm uint8

const (
	formUnix dateForm = 1 << iota
	formISO           // year, month, day
	formDMY
	formMDY
	formNamed // the month by its name
	formLayout
)

var formWords = []struct {
	form  dateForm
	words string
}{
	{formUnix, "unix seconds"},
	{formISO, "year-month-day"},
	{formDMY, "day, month, year"},
	{formMDY, "month, day, year"},
	{formNamed, "month by name"},
	{formLayout, "your layout"},
}

// dates reads the dates of one file. It may be used by several passes at once.
type dates struct {
	file     *File
	auto     bool
	allowed  dateForm // if not auto
	layout   string
	tomorrow int64 // dates from here on are doubtful, as are those before early
	shared   *shownDates
}

// shownDates is what the passes found out together.
type shownDates struct {
	once  sync.Once
	order dateForm // day or month first; decided from the whole column
	err   error    // why it is not decided

	mu       sync.Mutex
	used     dateForm
	timeless bool // a date had no time
	line     int
	text     string
	seconds  int64
}

// early is the first of January 2005: the service is not older.
const early = 1104537600

func newDates(f *File) (dates, error) {
	o := &f.options
	d := dates{file: f, shared: &shownDates{}}
	if !o.Now.IsZero() {
		y, m, day := o.Now.In(o.Location).Date()
		d.tomorrow = time.Date(y, m, day+1, 0, 0, 0, 0, o.Location).Unix()
	}
	switch strings.ToLower(o.DateFormat) {
	case "", "auto":
		d.auto = true
	case "unix":
		d.allowed = formUnix
	case "iso":
		d.allowed = formISO
	case "dmy":
		d.allowed = formDMY
	case "mdy":
		d.allowed = formMDY
	default:
		d.allowed, d.layout = formLayout, o.DateFormat
		if err := checkLayout(o.DateFormat); err != nil {
			return d, err
		}
	}
	return d, nil
}

// checkLayout refuses a layout that does not hold a whole date.
func checkLayout(layout string) error {
	when := time.Date(2019, time.November, 23, 0, 0, 0, 0, time.UTC)
	back, err := time.Parse(layout, when.Format(layout))
	if err == nil && back.Year() == 2019 && back.YearDay() == when.YearDay() {
		return nil
	}
	return &OptionError{
		Message: fmt.Sprintf("--date-format %q is neither unix, iso, dmy, mdy nor a layout with day, month and year", layout),
		Hint:    "a layout shows the moment Mon Jan 2 15:04:05 2006, for example 02.01.2006 15:04",
	}
}

// errOrder marks that the order of day and month must be known first.
var errOrder = errors.New("day or month first is not decided")

// parse reads a date. doubt says why a date that was read may be wrong. The
// error is in a clerk's words, or one that refusal knows.
func (d *dates) parse(text string) (seconds int64, doubt string, err error) {
	if len(text) == unixDigits && (d.auto || d.allowed == formUnix) {
		if seconds, err = api.ParseDate(text); err == nil {
			d.note(formUnix, false)
			return seconds, d.doubts(seconds), nil
		}
	}
	m, form, err := d.moment(text)
	if err != nil {
		return 0, "", err
	}
	seconds, doubt, err = m.seconds(d.file.options.Location)
	if err != nil {
		return 0, "", err
	}
	if seconds < 1e9 || seconds > 9999999999 {
		return 0, "", errors.New("the date is before September 2001 or after 2286, which the service cannot be told")
	}
	d.note(form, !m.hasTime)
	if doubt == "" {
		doubt = d.doubts(seconds)
	}
	return seconds, doubt, nil
}

const unixDigits = 10

// moment reads a text in one of the allowed forms.
func (d *dates) moment(text string) (moment, dateForm, error) {
	switch {
	case text == "", d.allowed == formUnix:
		return moment{}, 0, d.noDate(text)
	case d.allowed == formLayout:
		m, err := fromLayout(d.layout, text)
		return m, formLayout, err
	}
	parts, ok := cutDate(text)
	if !ok {
		return moment{}, 0, d.noDate(text)
	}
	form := parts.form
	if form == 0 { // numbers only, the year last
		var err error
		if form, err = d.order(); err != nil {
			return moment{}, 0, err
		}
	}
	if !d.auto && form != d.allowed {
		return moment{}, 0, fmt.Errorf("the date is not written as --date-format %s says", d.file.options.DateFormat)
	}
	m, err := parts.moment(form, d.auto)
	return m, form, err
}

// noDate says why a text is no date in any of the allowed forms.
func (d *dates) noDate(text string) error {
	if _, err := api.ParseDate(text); err != nil {
		return err
	}
	return fmt.Errorf("the date is not written as --date-format %s says", d.file.options.DateFormat)
}

// order tells whether the day or the month stands first.
func (d *dates) order() (dateForm, error) {
	if !d.auto {
		return d.allowed, nil
	}
	d.shared.once.Do(func() {
		if d.shared.order, d.shared.err = d.file.decideOrder(); d.shared.err == nil && d.shared.order == 0 {
			d.shared.err = errOrder
		}
	})
	return d.shared.order, d.shared.err
}

// refusal gives an error of parse that refuses the whole file.
func (d *dates) refusal(err error) error {
	var refused *FileError
	if errors.As(err, &refused) {
		return refused
	}
	return nil
}

// doubts says why a date may be wrong.
func (d *dates) doubts(seconds int64) string {
	switch {
	case d.tomorrow > 0 && seconds >= d.tomorrow:
		return "the date is in the future"
	case seconds < early:
		return "the date is before 2005"
	}
	return ""
}

// note remembers that a form was met.
func (d *dates) note(form dateForm, timeless bool) {
	s := d.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used |= form
	s.timeless = s.timeless || timeless
}

// example remembers the first date that was read.
func (d *dates) example(line int, text string, seconds int64) {
	s := d.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == 0 || line < s.line {
		s.line, s.text, s.seconds = line, text, seconds
	}
}

func (d *dates) inWords() string {
	s := d.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == 0 {
		return ""
	}
	var forms []string
	for _, f := range formWords {
		if s.used&f.form != 0 {
			forms = append(forms, f.words)
		}
	}
	zone := d.file.options.Location
	text := strings.Join(forms, ", or ")
	if s.timeless {
		text += fmt.Sprintf("; 12:00 %s where no time is given", zone)
	}
	at := time.Unix(s.seconds, 0).In(zone)
	return fmt.Sprintf("%s (line %d: %s is %s)", text, s.line, cut(s.text), at.Format("2 January 2006, 15:04:05 MST"))
}

// decideOrder looks through the whole column for dates that can be meant in
// one way only.
func (f *File) decideOrder() (dateForm, error) {
	p, err := f.openAt(batch.Mark{})
	if err != nil {
		return 0, err
	}
	defer p.Close()
	var day, month, open sample
	for {
		values, _, err := p.record()
		if err != nil {
			if isEOF(err) {
				break
			}
			return 0, err
		}
		if values == nil || p.skips() {
			continue
		}
		parts, ok := cutDate(strings.TrimSpace(values.Date))
		if !ok || parts.form != 0 {
			continue
		}
		switch {
		case parts.twoDigitYear():
			open.note(p.row.Line, values.Date)
		case parts.first > 12:
			day.note(p.row.Line, values.Date)
		case parts.second > 12:
			month.note(p.row.Line, values.Date)
		default:
			open.note(p.row.Line, values.Date)
		}
	}
	return f.ordered(day, month, open)
}

// sample is the first date of a kind.
type sample struct {
	line int
	text string
}

func (s *sample) note(line int, text string) {
	if s.line == 0 {
		*s = sample{line, strings.TrimSpace(text)}
	}
}

// ordered decides by what was found.
func (f *File) ordered(day, month, open sample) (dateForm, error) {
	const hint = "say --date-format dmy (day first) or --date-format mdy (month first)"
	switch {
	case day.line > 0 && month.line > 0:
		return 0, f.refuse(hint+"; better, mend the file", "the dates contradict each other: line %d (%s) has the day first, line %d (%s) the month",
			day.line, cut(day.text), month.line, cut(month.text))
	case day.line > 0:
		return formDMY, nil
	case month.line > 0:
		return formMDY, nil
	}
	return 0, f.refuse(hint, "no date tells whether the day or the month stands first (line %d: %s)", open.line, cut(open.text))
}

package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

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
	timeless // no form: a date had no time
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
	layout   goLayout
	zone     *time.Location // of dates that carry none
	tomorrow int64          // dates from here on are doubtful, as are those before early
	shared   *sharedDates
}

// sharedDates is what the passes found out together.
type sharedDates struct {
	once  sync.Once
	order dateForm // day or month first; decided from the whole column
	err   error    // why it is not decided

	used atomic.Uint32 // forms
	line atomic.Int64  // of the example, which is the first date; 0: none

	mu      sync.Mutex
	text    string
	seconds int64
}

// early is the first of January 2005: the service is not older.
const early = 1104537600

func newDates(f *File) (dates, error) {
	o := &f.options
	d := dates{file: f, zone: o.Location, shared: &sharedDates{}}
	if !o.Now.IsZero() {
		y, m, day := o.Now.In(o.Location).Date()
		d.tomorrow = time.Date(y, m, day+1, 0, 0, 0, 0, o.Location).Unix()
	}
	var err error
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
		d.allowed = formLayout
		d.layout, err = newLayout(o.DateFormat)
	}
	return d, err
}

// unsure is an error that says nothing of a single date: the whole column is
// not certain, or could not be read.
type unsure struct{ error }

func (u unsure) Unwrap() error { return u.error }

// refusal gives an error of parse that refuses the whole file.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	var u unsure
	if errors.As(err, &u) {
		return u.error
	}
	return nil
}

// parse reads a date. doubt says why a date that was read may be wrong. The
// error is in a clerk's words, or one that refusal knows.
func (d *dates) parse(text string) (seconds int64, doubt string, err error) {
	return d.read(text, d.order)
}

// parseAlone reads a date that stands in no column.
func (d *dates) parseAlone(text string) (seconds int64, doubt string, err error) {
	return d.read(text, func(p dateParts) (dateForm, error) {
		switch day, month := p.isReal(formDMY), p.isReal(formMDY); {
		case !d.auto:
			return d.allowed, nil
		case day && month:
			return 0, errors.New("the day or the month may stand first; write year-month-day")
		case month:
			return formMDY, nil
		}
		return formDMY, nil
	})
}

const unixDigits = 10

// read reads a date; order says how one is meant that has the year last and
// numbers only.
func (d *dates) read(text string, order func(dateParts) (dateForm, error)) (seconds int64, doubt string, err error) {
	if len(text) == unixDigits && (d.auto || d.allowed == formUnix) {
		if seconds, err = api.ParseDate(text); err == nil {
			d.note(formUnix)
			return seconds, d.doubts(seconds), nil
		}
	}
	m, form, err := d.moment(text, order)
	if err != nil {
		return 0, "", err
	}
	seconds, doubt, err = m.seconds(d.zone)
	if err != nil {
		return 0, "", err
	}
	if seconds < 1e9 || seconds > 9999999999 {
		return 0, "", errors.New("the date is before September 2001 or after 2286, which the service cannot be told; is the year right?")
	}
	if !m.hasTime {
		form |= timeless
	}
	d.note(form)
	if doubt == "" {
		doubt = d.doubts(seconds)
	}
	return seconds, doubt, nil
}

// moment reads a text in one of the allowed forms.
func (d *dates) moment(text string, order func(dateParts) (dateForm, error)) (moment, dateForm, error) {
	switch {
	case text == "":
		return moment{}, 0, errors.New("the date is empty; fill it in")
	case d.allowed == formUnix:
		return moment{}, 0, d.noDate(text)
	case d.allowed == formLayout:
		m, err := d.layout.parse(text)
		return m, formLayout, err
	}
	parts, ok := cutDate(text)
	if !ok {
		return moment{}, 0, d.noDate(text)
	}
	form := parts.form
	switch {
	case form != 0:
	case d.auto && parts.yearDigits == 2:
		return moment{}, 0, errTwoDigits
	case !parts.isReal(formDMY) && !parts.isReal(formMDY):
		return moment{}, 0, errNoDay
	case d.auto || d.allowed == formDMY || d.allowed == formMDY:
		var err error
		if form, err = order(parts); err != nil {
			return moment{}, 0, err
		}
	}
	if !d.auto && form != d.allowed {
		return moment{}, 0, d.otherwise(text)
	}
	m, err := parts.moment(form)
	return m, form, err
}

// errTwoDigits refuses 05.06.07 until somebody says what stands where.
var errTwoDigits = errors.New("the year has two digits; if it stands last, say --date-format dmy (day first) or mdy (month first)")

// noDate says why a text is no date in any of the allowed forms.
func (d *dates) noDate(text string) error {
	if d.allowed != formUnix && zoneIsUncertain(text) {
		return errors.New("the date's time zone is not certain, for its name means several; write it as +03:00, or take it out and say --timezone")
	}
	if _, err := api.ParseDate(text); err != nil && (d.auto || d.allowed == formUnix) {
		return err
	}
	return d.otherwise(text)
}

func (d *dates) otherwise(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return isInvisible(r) || unicode.IsControl(r) }) {
		return errors.New("an invisible character stands in the date; type it anew")
	}
	return fmt.Errorf("the date is not written as --date-format %s says; mend it", d.file.options.DateFormat)
}

// doubts says why a date may be wrong.
func (d *dates) doubts(seconds int64) string {
	switch {
	case d.tomorrow > 0 && seconds >= d.tomorrow:
		return "the date is in the future; is the year right, and the day not taken for the month?"
	case seconds < early:
		return "the date is before 2005; is the year right?"
	}
	return ""
}

// note remembers that a form was met.
func (d *dates) note(form dateForm) {
	if used := &d.shared.used; used.Load()&uint32(form) != uint32(form) {
		used.Or(uint32(form))
	}
}

// example remembers the first date that was read.
func (d *dates) example(line int, text string, seconds int64) {
	s := d.shared
	if known := s.line.Load(); known != 0 && known <= int64(line) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.line.Load(); known == 0 || int64(line) < known {
		s.line.Store(int64(line))
		s.text, s.seconds = strings.Clone(text), seconds
	}
}

func (d *dates) inWords() string {
	s := d.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	where, text, seconds := fmt.Sprintf("line %d: ", s.line.Load()), s.text, s.seconds
	if c := &d.file.constants[date]; c.isSet {
		where, text, seconds = "--set date: ", c.text, c.seconds
	} else if s.line.Load() == 0 {
		return ""
	}
	used := dateForm(s.used.Load())
	var forms []string
	for _, f := range formWords {
		if used&f.form != 0 {
			forms = append(forms, f.words)
		}
	}
	inWords := strings.Join(forms, ", or ")
	if used&timeless != 0 {
		inWords += fmt.Sprintf("; 12:00 %s where no time is given", d.zone)
	}
	at := time.Unix(seconds, 0).In(d.zone)
	return fmt.Sprintf("%s (%s%s is %s)", inWords, where, cut(text), at.Format("2 January 2006, 15:04:05 MST"))
}

package manifest

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	errOutOfPlace = errors.New("a row or a cell is out of its place")
	errNoText     = errors.New("a cell refers to a text that is not there")
)

// certain is the first number of which a spreadsheet no longer keeps all
// digits: it has 15 of them.
const certain = 1e15

// tiny is the number below which digits after the point are not written out.
const tiny = 1e-9

// number is what a cell with a number says.
func (b *book) number(value string, f cellFormat) string {
	n, ok := plainNumber(value)
	if !ok {
		return value
	}
	if f.kind != formatNumber {
		if text, ok := b.since.date(n, f.kind); ok {
			return text
		}
	}
	size := math.Abs(n)
	switch {
	case size >= certain, size != 0 && size < tiny:
		return strconv.FormatFloat(n, 'E', -1, 64)
	case n == 0:
		n = 0 // it may have had a sign
	}
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if f.mask != nil && onlyDigits(text) {
		return f.masked(text)
	}
	return text
}

func onlyDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// plainNumber reads a number as workbooks store them.
func plainNumber(value string) (float64, bool) {
	if value == "" || strings.Trim(value, "0123456789+-.eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}

// epoch is where a workbook's days are counted from.
type epoch uint8

const (
	since1900 epoch = iota
	since1904
)

const daySeconds = 24 * 60 * 60

// date writes a number of days as its format shows it; false if it shows
// none.
func (e epoch) date(days float64, kind formatKind) (string, bool) {
	const last = 2958466 // the day after 9999-12-31
	if days < 0 || days >= last || kind == formatElapsed {
		return "", false
	}
	seconds := int64(math.Round(days * daySeconds))
	day, second := seconds/daySeconds, seconds%daySeconds
	clock := time.Unix(second, 0).UTC().Format("15:04:05")
	if kind == formatTime && day == 0 {
		return clock, true
	}
	text, ok := e.day(day)
	if ok && kind != formatDate {
		text += "T" + clock
	}
	return text, ok
}

// day writes a day. The count from 1900 has a 29th of February in that year,
// which was not there, as Lotus 1-2-3 had it.
func (e epoch) day(n int64) (string, bool) {
	first := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case e == since1904:
		first = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	case n == 0:
		return "", false
	case n == 60:
		return "1900-02-29", true
	case n < 60:
		first = first.AddDate(0, 0, 1)
	}
	return first.AddDate(0, 0, int(n)).Format("2006-01-02"), true
}

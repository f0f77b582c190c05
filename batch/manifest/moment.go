package manifest

import (
	"errors"
	"fmt"
	"time"
)

// moment is a date as it is written, and perhaps a time and a zone.
type moment struct {
	year, day            int
	month                time.Month
	hour, minute, second int
	hasTime              bool
	zone                 *time.Location // nil: none is written
}

// noon is the hour of a date without a time: hardly any zone's clocks are
// changed then, and reading it in a neighbouring zone leaves the day.
const noon = 12

// errNoDay is about the 30th of February, and the 13th month.
var errNoDay = errors.New("there is no such day; mend the date")

// seconds gives unix seconds, for what carries no zone as clocks in loc show
// it. doubt says why it may be wrong.
func (m moment) seconds(loc *time.Location) (seconds int64, doubt string, err error) {
	if m.zone != nil {
		loc = m.zone
	}
	if !m.hasTime {
		m.hour = noon
	}
	if !m.isReal() {
		return 0, "", errNoDay
	}
	switch times := m.times(loc); len(times) {
	case 0:
		return 0, "", fmt.Errorf("there was no such time in %s, where the clocks were put forward over it; mend the date, or say --timezone", loc)
	case 1:
		return times[0], "", nil
	default:
		return times[0], fmt.Sprintf("this time came twice in %s, where the clocks were put back over it; the first one is taken", loc), nil
	}
}

// isReal reports whether there is such a day.
func (m moment) isReal() bool {
	day := time.Date(m.year, m.month, m.day, 0, 0, 0, 0, time.UTC)
	return 1 <= m.month && m.month <= 12 && 1 <= m.day && day.Day() == m.day
}

// times lists the seconds at which clocks in loc show the moment, the earlier
// first: none if they were put forward over it, two if they were put back.
func (m moment) times(loc *time.Location) []int64 {
	wall := time.Date(m.year, m.month, m.day, m.hour, m.minute, m.second, 0, time.UTC).Unix()
	near := time.Date(m.year, m.month, m.day, m.hour, m.minute, m.second, 0, loc)
	var list []int64
	for _, other := range [...]time.Time{near.AddDate(0, 0, -1), near.AddDate(0, 0, 1)} {
		_, offset := other.Zone()
		at := wall - int64(offset)
		if _, then := time.Unix(at, 0).In(loc).Zone(); then == offset && (len(list) == 0 || list[0] != at) {
			list = append(list, at)
		}
	}
	// The offset before a change is the greater one if clocks are put back, and
	// the moment at it the earlier one.
	return list
}

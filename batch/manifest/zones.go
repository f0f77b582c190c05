package manifest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	zoneAtTheEnd = regexp.MustCompile(`^(.*[0-9]:[0-9]{2}.*?) ?(?:[A-Za-zА-Яа-я]{2,5}|(?i:GMT|UTC)[+-][0-9:]{1,5}|[+-][0-9]{1,2})$`)
	halfOfDay    = regexp.MustCompile(`(?i)[ap]m?$`)
	utcHeader    = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:UTC|GMT)(?:$|[^\pL+-])`)
	namedHeader  = regexp.MustCompile(`\(((?:UTC|GMT)[+-][0-9]{1,2}|[A-Z]{1,2}[SDE]?T|MSK|CEST|EEST|WEST|(?i:мск))\)`)
)

// zoneIsUncertain reports a date with a time and a zone that is written by a
// name that means several, or by hours alone.
func zoneIsUncertain(text string) bool {
	found := zoneAtTheEnd.FindStringSubmatch(text)
	if found == nil || halfOfDay.MatchString(text) {
		return false
	}
	parts, ok := cutDate(found[1])
	return ok && parts.clock.hasTime && parts.clock.zone == nil
}

// readZone looks for a zone in the header of the dates: a column in UTC is not
// read in another zone, and one in a zone that --timezone does not say is
// refused.
func (f *File) readZone() error {
	at := f.columns[date]
	if at < 0 {
		return nil
	}
	header := f.header[at]
	if utcHeader.MatchString(header) {
		f.dates.zone = time.UTC
		return nil
	}
	named := namedHeader.FindStringSubmatch(header)
	if named == nil || mayBeCalled(f.options.Location, named[1]) {
		return nil
	}
	return f.refuse("say --timezone with the zone that is meant", "the header %q says that its dates are in %s, but they would be read in %s", header, named[1], f.options.Location)
}

// mayBeCalled reports whether a zone's clocks are, in some month, called by a
// name like PST, PT or UTC+3.
func mayBeCalled(zone *time.Location, name string) bool {
	if strings.EqualFold(name, "мск") {
		name = "MSK"
	}
	for month := time.January; month <= time.December; month++ {
		short, offset := time.Date(2025, month, 15, 0, 0, 0, 0, zone).Zone()
		hours := strconv.Itoa(offset / 3600)
		if offset >= 0 {
			hours = "+" + hours
		}
		switch name {
		case short, short[:1] + "T", "UTC" + hours, "GMT" + hours:
			return true
		}
	}
	return false
}

package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dated reads one date in a file of its own.
func dated(t *testing.T, text string, o Options) string {
	t.Helper()
	quoted := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	f, err := opened([]byte("bill_id,status,date\n1,paid,"+quoted+"\n"), o)
	if err != nil {
		return "opening: " + err.Error()
	}
	rows, err := from(f, batchMark)
	if err != nil {
		return "refused: " + strings.TrimPrefix(err.Error(), "file.csv: ")
	}
	if len(rows[0].Faults) > 0 {
		return rows[0].Faults[0].Message
	}
	at := time.Unix(rows[0].Update.Date, 0).UTC().Format(time.RFC3339)
	if len(rows[0].Warnings) > 0 {
		at += " (" + rows[0].Warnings[0].Message + ")"
	}
	return at
}

func TestDates(t *testing.T) {
	const (
		noDay      = "there is no such day; mend the date"
		noDate     = "the date is not in unix seconds, which are 10 digits; say --date-format"
		noZone     = "the date's time zone is not certain, for its name means several; write it as +03:00, or take it out and say --timezone"
		twoDigits  = "the year has two digits; if it stands last, say --date-format dmy (day first) or mdy (month first)"
		undecided  = "refused: no date tells whether the day or the month stands first (line 2: %s)"
		outOfRange = "the date is before September 2001 or after 2286, which the service cannot be told; is the year right?"
		future     = " (the date is in the future; is the year right, and the day not taken for the month?)"
		early      = " (the date is before 2005; is the year right?)"
	)
	for _, test := range []struct{ text, format, zone, want string }{
		{"1362254400", "", "", "2013-03-02T20:00:00Z"},
		{"1362254400", "unix", "Europe/Moscow", "2013-03-02T20:00:00Z"},
		{" 1362254400 ", "auto", "", "2013-03-02T20:00:00Z"},
		{"1362254400000", "", "", "the date has 13 digits, which are milliseconds; unix seconds are 10 digits: leave out the last 3"},
		{"136225440", "", "", "the date has 9 digits; unix seconds are exactly 10: is this the right column?"},
		{"1362254400", "iso", "", "the date is not written as --date-format iso says; mend it"},
		{"2026-05-06", "unix", "", noDate},
		{"", "", "", "the date is empty; fill it in"},
		{"", "dmy", "", "the date is empty; fill it in"},
		{"yesterday", "", "", noDate},
		{"41400", "", "", "the date has 5 digits, as a spreadsheet's day number has; format the column as a date"},
		{"20260506", "", "", "the date has 8 digits, as year, month and day in one have; say --date-format"},
		{"#####", "", "", "a spreadsheet's error stands in place of the date; mend the formula, or widen the column, and save again"},

		{"2026-05-06", "", "", "2026-05-06T12:00:00Z"},
		{"2026-05-06", "", "Europe/Moscow", "2026-05-06T09:00:00Z"},
		{"2026-05-06", "", "America/New_York", "2026-05-06T16:00:00Z"},
		{"2026/5/6", "", "", "2026-05-06T12:00:00Z"},
		{"2026.05.06", "iso", "", "2026-05-06T12:00:00Z"},
		{"2026-05-06 10:11", "", "", "2026-05-06T10:11:00Z"},
		{"2026-05-06 00:00:00", "", "", "2026-05-06T00:00:00Z"},
		{"2026-05-06T10:11:12", "", "Europe/Moscow", "2026-05-06T07:11:12Z"},
		{"2026-05-06T10:11:12Z", "", "Europe/Moscow", "2026-05-06T10:11:12Z"},
		{"2026-05-06 10:11:12 UTC", "", "Europe/Moscow", "2026-05-06T10:11:12Z"},
		{"2026-05-06 10:11:12 gmt", "", "Europe/Moscow", "2026-05-06T10:11:12Z"},
		{"2026-05-06 10:11:12 +0200", "", "Europe/Moscow", "2026-05-06T08:11:12Z"},
		{"2026-05-06T10:11:12.345678+02:00", "", "", "2026-05-06T08:11:12Z"},
		{"2026-05-06T10:11:12,5-05", "", "", "2026-05-06T15:11:12Z"},
		{"2026-05-06 10:11:12 -05:30", "", "", "2026-05-06T15:41:12Z"},
		{"2026-05-06 10:11 MSK", "", "", noZone},
		{"2026-05-06 10:11 EST", "", "", noZone},
		{"2026-05-06 10:11 GMT+2", "", "", noZone},
		{"2026-05-06 10:11 +3", "", "", noZone},
		{"2026-05-06 10:11 +1500", "", "", noDate},
		{"2026-05-06 24:00", "", "", noDate},
		{"2026-05-06 10:60", "", "", noDate},
		{"2026-05-06 10:11:60", "", "", noDate},
		{"2026-05-06 10", "", "", noDate},
		{"2026-05-06 10.11", "", "", noDate},
		{"2026-05-06Z", "", "", noDate},
		{"2026-05-06 and more", "", "", noDate},
		{"2026-02-29", "", "", noDay},
		{"2028-02-29", "", "", "2028-02-29T12:00:00Z" + future},
		{"2026-13-01", "", "", noDay},
		{"2026-00-01", "", "", noDay},
		{"2026-05-00", "", "", noDay},
		{"2026-05/06", "", "", noDate},
		{"2026-05", "", "", noDate},

		{"13.05.2026", "", "", "2026-05-13T12:00:00Z"},
		{"05/13/2026", "", "", "2026-05-13T12:00:00Z"},
		{"05.06.2026", "", "", fmt.Sprintf(undecided, "05.06.2026")},
		{"05/05/2026", "", "", fmt.Sprintf(undecided, "05/05/2026")},
		{"05.06.2026", "dmy", "", "2026-06-05T12:00:00Z"},
		{"05.06.2026", "DMY", "", "2026-06-05T12:00:00Z"},
		{"05.06.2026", "mdy", "", "2026-05-06T12:00:00Z"},
		{"5.6.2026 9:05", "dmy", "", "2026-06-05T09:05:00Z"},
		{"13/05/2026", "mdy", "", noDay},
		{"31.02.2026", "dmy", "", noDay},
		{"31.02.2026", "", "", noDay},
		{"99.99.2026", "", "", noDay},
		{"13.05.26", "", "", twoDigits},
		{"05/06/26", "", "", twoDigits},
		{"05/06/26", "mdy", "", "2026-05-06T12:00:00Z"},
		{"05.06.26 12:30", "dmy", "", "2026-06-05T12:30:00Z"},
		{"26-05-06", "iso", "", "the date is not written as --date-format iso says; mend it"},
		{"05.06.2026", "iso", "", "the date is not written as --date-format iso says; mend it"},
		{"2026-05-06", "dmy", "", "the date is not written as --date-format dmy says; mend it"},
		{"6 May 2026", "dmy", "", "the date is not written as --date-format dmy says; mend it"},
		{"05.06.2026\u200b", "dmy", "", "an invisible character stands in the date; type it anew"},
		{"soon", "dmy", "", "the date is not written as --date-format dmy says; mend it"},
		{"13.05.202", "", "", noDate},
		{"13-05/2026", "", "", noDate},

		{"12/31/2025 12:30 AM", "", "", "2025-12-31T00:30:00Z"},
		{"12/31/2025 12:30 PM", "", "", "2025-12-31T12:30:00Z"},
		{"12/31/2025 1:05:09pm", "", "", "2025-12-31T13:05:09Z"},
		{"12/31/2025, 11:59 p", "", "", noDate},
		{"12/31/2025 13:30 PM", "", "", noDate},
		{"12/31/2025 0:30 AM", "", "", noDate},
		{"12/31/2025 11:30 AM UTC", "", "Europe/Moscow", "2025-12-31T11:30:00Z"},
		{"12/31/2025 11:30 AMT", "", "", noZone},

		{"6 May 2026", "", "", "2026-05-06T12:00:00Z"},
		{"06-May-2026 10:00", "", "", "2026-05-06T10:00:00Z"},
		{"May 6, 2026", "", "", "2026-05-06T12:00:00Z"},
		{"Sept. 6, 2026 3:04 PM", "", "", "2026-09-06T15:04:00Z"},
		{"6 DECEMBER 2025", "", "", "2025-12-06T12:00:00Z"},
		{"6 мая 2026", "", "", "2026-05-06T12:00:00Z"},
		{"6 мая 2026 г.", "", "", "2026-05-06T12:00:00Z"},
		{"6 мая 2026 г., 10:30", "", "", "2026-05-06T10:30:00Z"},
		{"06 Января 2026 года", "", "", "2026-01-06T12:00:00Z"},
		{"6 нояб. 2026", "", "", "2026-11-06T12:00:00Z"},
		{"6 Mai 2026", "", "", noDate},
		{"6 May 26", "", "", noDate},
		{"2026 May 6", "", "", noDate},
		{"31 April 2026", "", "", noDay},
		{"6 May May 2026", "", "", noDate},
		{"6 мартышек 2026", "", "", noDate},

		{"2026-11-26 23:59:59", "", "", "2026-11-26T23:59:59Z"},
		{"2026-11-27", "", "", "2026-11-27T12:00:00Z" + future},
		{"2026-11-27 00:00", "", "Europe/Moscow", "2026-11-26T21:00:00Z" + future},
		{"2026-11-26 23:59", "", "Europe/Moscow", "2026-11-26T20:59:00Z"},
		{"2004-12-31", "", "", "2004-12-31T12:00:00Z" + early},
		{"2001-01-01", "", "", outOfRange},
		{"2300-01-01", "", "", outOfRange},
		{"05.06.98", "dmy", "", "2098-06-05T12:00:00Z" + future},

		// Berlin's clocks were put forward on 29 March 2026 at 2:00, back on 25
		// October 2026 at 3:00.
		{"2026-03-29 01:59", "", "Europe/Berlin", "2026-03-29T00:59:00Z"},
		{"2026-03-29 02:30", "", "Europe/Berlin", "there was no such time in Europe/Berlin, where the clocks were put forward over it; mend the date, or say --timezone"},
		{"2026-03-29 03:00", "", "Europe/Berlin", "2026-03-29T01:00:00Z"},
		{"2026-10-25 02:30", "", "Europe/Berlin", "2026-10-25T00:30:00Z (this time came twice in Europe/Berlin, where the clocks were put back over it; the first one is taken)"},
		{"2026-10-25 02:30 +0100", "", "Europe/Berlin", "2026-10-25T01:30:00Z"},
		{"2026-10-25 03:00", "", "Europe/Berlin", "2026-10-25T02:00:00Z"},
		{"2026-10-25", "", "Europe/Berlin", "2026-10-25T11:00:00Z"},
		// Lord Howe Island's are moved by half an hour, on 5 April 2026 back at 2:00.
		{"2026-04-05 01:45", "", "Australia/Lord_Howe", "2026-04-04T14:45:00Z (this time came twice in Australia/Lord_Howe, where the clocks were put back over it; the first one is taken)"},
		{"2026-04-05 01:15", "", "Australia/Lord_Howe", "2026-04-04T14:15:00Z"},
		{"2025-10-05 02:15", "", "Australia/Lord_Howe", "there was no such time in Australia/Lord_Howe, where the clocks were put forward over it; mend the date, or say --timezone"},
		// Samoa left out 30 December 2011.
		{"2011-12-30", "", "Pacific/Apia", "there was no such time in Pacific/Apia, where the clocks were put forward over it; mend the date, or say --timezone"},
		// Moscow's were put back for good on 26 October 2014 at 2:00.
		{"2014-10-26 01:30", "", "Europe/Moscow", "2014-10-25T21:30:00Z (this time came twice in Europe/Moscow, where the clocks were put back over it; the first one is taken)"},

		{"05/06/26", "06/01/02", "", "2005-06-26T12:00:00Z"},
		{"06.05.2026", "02.01.2006", "", "2026-05-06T12:00:00Z"},
		{"06.05.2026", "02.01.2006 15:04", "", `the date is not written as --date-format "02.01.2006 15:04" says; mend it`},
		{"20260506101112", "20060102150405", "Europe/Moscow", "2026-05-06T07:11:12Z"},
		{"2605061011", "0601021504", "", "2026-05-06T10:11:00Z"},
		{"May 6 2026 3PM", "Jan 2 2006 3PM", "", "2026-05-06T15:00:00Z"},
		{"2026-05-06 10:11 -0500", "2006-01-02 15:04 -0700", "", "2026-05-06T15:11:00Z"},
		{"2026-05-06T10:11:12Z", "2006-01-02T15:04:05Z07:00", "Europe/Moscow", "2026-05-06T10:11:12Z"},
		{"2026-05-06T10:11:12Z", "2006-01-02T15:04:05Z", "Europe/Moscow", "2026-05-06T10:11:12Z"},
		{"06.05.2026 10:11 UTC", "02.01.2006 15:04 UTC", "Europe/Moscow", "2026-05-06T10:11:00Z"},
		{"2026-10-25 02:30 +0100", "2006-01-02 15:04 -0700", "Europe/Berlin", "2026-10-25T01:30:00Z"},
		{"2026-02-30", "2006-01-02", "", `the date is not written as --date-format "2006-01-02" says; mend it`},
	} {
		t.Run(test.text+" "+test.format+" "+test.zone, func(t *testing.T) {
			o := Options{DateFormat: test.format}
			if test.zone != "" {
				o.Location = zone(test.zone)
			}
			if got := dated(t, test.text, o); got != test.want {
				t.Errorf("got %s instead of %s", got, test.want)
			}
		})
	}
}

func TestLayoutsRefused(t *testing.T) {
	for layout, want := range map[string]string{
		"dd.mm.yyyy":                  "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"01.2006":                     "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"02.01":                       "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"15:04":                       "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"2006-01-02 15:04 +02:00":     "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"2006-01-02 (02)":             "is neither unix, iso, dmy, mdy nor a layout with day, month and year once each",
		"2006-01-02 03:04":            "counts hours to 12, without PM",
		"2006-01-02 15:04 +03:00":     "counts hours to 12, without PM",
		"2006-01-02 15:04 MST":        "names a time zone, which is not certain",
		"2006-01-02 15:04 MSK":        "names a time zone, which is not certain",
		"Mon Jan 2 15:04:05 CET 2006": "names a time zone, which is not certain",
		"2006-01-02 15:04 -05:00":     "holds a time zone that is not written as -0700 or -07:00",
		"2006-01-02 15:04 +08:00":     "holds a time zone that is not written as -0700 or -07:00",
	} {
		_, err := opened([]byte("bill_id,status\n"), Options{DateFormat: layout})
		var wrong *OptionError
		if !errors.As(err, &wrong) || wrong.Message != fmt.Sprintf("--date-format %q %s", layout, want) || wrong.Hint == "" {
			t.Errorf("%s gives %v", layout, err)
		}
	}
}

// column reads a column of dates.
func column(dates []string, o Options) ([]string, *File, error) {
	f, err := opened([]byte("bill_id,status,date\n1,paid,"+strings.Join(dates, "\n1,paid,")+"\n"), o)
	if err != nil {
		return nil, nil, err
	}
	rows, err := from(f, batchMark)
	if err != nil {
		return nil, f, err
	}
	var list []string
	for _, r := range rows {
		if len(r.Faults) > 0 {
			list = append(list, r.Faults[0].Message)
			continue
		}
		list = append(list, time.Unix(r.Update.Date, 0).UTC().Format("2006-01-02 15:04"))
	}
	return list, f, nil
}

func TestDateColumns(t *testing.T) {
	for _, test := range []struct {
		name        string
		dates, want []string
		words       string
	}{
		{"day first, told by the last", []string{"05.06.2026", "06.05.2026", "31.12.2025"}, []string{"2026-06-05 12:00", "2026-05-06 12:00", "2025-12-31 12:00"}, "day, month, year; 12:00 UTC where no time is given (line 2: 05.06.2026 is 5 June 2026, 12:00:00 UTC)"},
		{"month first, told by the last", []string{"05/06/2026 9:00", "12/31/2025 10:00"}, []string{"2026-05-06 09:00", "2025-12-31 10:00"}, "month, day, year (line 2: 05/06/2026 9:00 is 6 May 2026, 09:00:00 UTC)"},
		{"several forms", []string{"1362254400", "2026-05-06", "6 May 2026"}, []string{"2013-03-02 20:00", "2026-05-06 12:00", "2026-05-06 12:00"}, "unix seconds, or year-month-day, or month by name; 12:00 UTC where no time is given (line 2: 1362254400 is 2 March 2013, 20:00:00 UTC)"},
		{"those that are no days tell nothing", []string{"30.02.2026", "13/31/2026", "05/06/2026", "12/31/2025"}, []string{"there is no such day; mend the date", "there is no such day; mend the date", "2026-05-06 12:00", "2025-12-31 12:00"}, "month, day, year; 12:00 UTC where no time is given (line 4: 05/06/2026 is 6 May 2026, 12:00:00 UTC)"},
		{"two digits for the year tell nothing", []string{"31.12.25", "12/31/2025"}, []string{"the year has two digits; if it stands last, say --date-format dmy (day first) or mdy (month first)", "2025-12-31 12:00"}, "month, day, year; 12:00 UTC where no time is given (line 3: 12/31/2025 is 31 December 2025, 12:00:00 UTC)"},
		{"what is no date tells nothing", []string{"31.12.2025 at noon", "12/31/2025"}, []string{"the date is not in unix seconds, which are 10 digits; say --date-format", "2025-12-31 12:00"}, "month, day, year; 12:00 UTC where no time is given (line 3: 12/31/2025 is 31 December 2025, 12:00:00 UTC)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, f, err := column(test.dates, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got := f.DatesInWords(); got != test.words {
				t.Errorf("in words: %s\ninstead of %s", got, test.words)
			}
		})
	}
}

func TestDateColumnsRefused(t *testing.T) {
	const hint = "say --date-format dmy (day first) or --date-format mdy (month first)"
	for _, test := range []struct {
		name          string
		dates         []string
		message, hint string
	}{
		{"undecided", []string{"2026-05-06", "05.06.2026", "06.05.2026"}, "no date tells whether the day or the month stands first (line 3: 05.06.2026)", hint},
		{"contradictory", []string{"05.06.2026", "31.12.2025", "12.31.2025"}, "the dates contradict each other: line 3 (31.12.2025) has the day first, line 4 (12.31.2025) the month", hint + "; better, mend the file"},
		{"contradictory, with different signs", []string{"12/31/2025", "31.12.2025"}, "the dates contradict each other: line 3 (31.12.2025) has the day first, line 2 (12/31/2025) the month", hint + "; better, mend the file"},
		{"two ways of writing, one of them undecided", []string{"31.12.2025", "05/06/2026"}, "the dates are not written alike: line 2 (31.12.2025) has the day first, but whether line 3 (05/06/2026) has too is not certain", hint + "; better, write all dates alike"},
		{"two ways of writing, the other of them undecided", []string{"05-06-2026", "12/31/2025"}, "the dates are not written alike: line 3 (12/31/2025) has the month first, but whether line 2 (05-06-2026) has too is not certain", hint + "; better, write all dates alike"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := column(test.dates, Options{})
			var refusal *FileError
			if !errors.As(err, &refusal) || refusal.Message != test.message || refusal.Hint != test.hint {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Dates of rows that are left out, or take none, or are broken, are looked at
// no more than those rows are.
func TestOrderLooksAtTheRowsThatCount(t *testing.T) {
	const data = "bill_id,status,date,x\n1,paid,05.06.2026,a\n2,paid,12/31/2025,b\n3,paid,31.12.2025\nTOTAL,,12.31.2025,a\n"
	o := Options{Where: []Condition{{"x", "a"}}, Footer: "TOTAL"}
	if err := refused(t, data, o); err.Message != "no date tells whether the day or the month stands first (line 2: 05.06.2026)" {
		t.Errorf("got %s", err.Message)
	}
	_, rows := whole(t, data+"4,paid,31.12.2025,a\n", Options{Where: o.Where, DateFormat: "dmy"})
	if got := allFacts(rows)[0]; got != "paid of bill 1 at 1780660800" {
		t.Errorf("got %s", got)
	}
	_, rows = whole(t, "bill_id,status,date\n1,cancel,31.12.2025\n2,paid,05.06.2026\n", Options{})
	if got := allFacts(rows)[1]; got != "paid of bill 2 at 1780660800" {
		t.Errorf("got %s", got)
	}
}

func TestDatesInWords(t *testing.T) {
	f, err := opened([]byte("bill_id,status,date\n1,cancel,\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.DatesInWords(); got != "" {
		t.Errorf("before any pass: %s", got)
	}
	if _, err := from(f, batchMark); err != nil {
		t.Fatal(err)
	}
	if got := f.DatesInWords(); got != "" {
		t.Errorf("without dates: %s", got)
	}
	f, _ = whole(t, "bill_id\n1\n", Options{Set: map[string]string{"status": "paid", "date": "13.05.2026"}, Location: moscow})
	if got, want := f.DatesInWords(), "day, month, year; 12:00 Europe/Moscow where no time is given (--set date: 13.05.2026 is 13 May 2026, 12:00:00 MSK)"; got != want {
		t.Errorf("set: %s", got)
	}
}

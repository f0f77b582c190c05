package manifest

import "testing"

func TestZonesInHeaders(t *testing.T) {
	for _, test := range []struct{ header, zone, want string }{
		{"Created (UTC)", "Europe/Moscow", "paid of bill 1 at 1778062282"},
		{"UTC date", "Europe/Moscow", "paid of bill 1 at 1778062282"},
		{"created_gmt", "America/New_York", "paid of bill 1 at 1778062282"},
		{"Date", "Europe/Moscow", "paid of bill 1 at 1778051482"},
		{"Outcast date", "Europe/Moscow", "paid of bill 1 at 1778051482"},
		{"Date (PST)", "America/Los_Angeles", "paid of bill 1 at 1778087482"},
		{"Date (PT)", "America/Los_Angeles", "paid of bill 1 at 1778087482"},
		{"Date (PST)", "Europe/Moscow", `the header "Date (PST)" says that its dates are in PST, but they would be read in Europe/Moscow`},
		{"Дата (МСК)", "Europe/Moscow", "paid of bill 1 at 1778051482"},
		{"Дата (МСК)", "UTC", `the header "Дата (МСК)" says that its dates are in МСК, but they would be read in UTC`},
		{"Date (GMT+3)", "Europe/Moscow", "paid of bill 1 at 1778051482"},
		{"Date (UTC-5)", "America/New_York", "paid of bill 1 at 1778076682"},
		{"Date (GMT+3)", "UTC", `the header "Date (GMT+3)" says that its dates are in GMT+3, but they would be read in UTC`},
		{"Date (CEST)", "Europe/Berlin", "paid of bill 1 at 1778055082"},
		{"Date (ISO)", "UTC", "paid of bill 1 at 1778062282"},
	} {
		t.Run(test.header+" "+test.zone, func(t *testing.T) {
			f, err := opened([]byte("bill_id,status,"+test.header+"\n1,paid,2026-05-06 10:11:22\n"), Options{Columns: map[string]string{"date": test.header}, Location: zone(test.zone)})
			got := ""
			if err != nil {
				got = err.Error()[len("file.csv: "):]
			} else {
				rows, err := from(f, batchMark)
				if err != nil {
					t.Fatal(err)
				}
				got = facts(rows[0])
			}
			if got != test.want {
				t.Errorf("got %s instead of %s", got, test.want)
			}
		})
	}
}

package main

import (
	"bytes"
	"fmt"
)

// demoManifest is a carrier's export of two hundred rows: most are fine, and a
// few are wrong in the ways in which such files are.
func demoManifest() []byte {
	var b bytes.Buffer
	b.WriteString("Order - Number,Recipient,status,Date - Shipped Date,Shipment - Tracking Number\n")
	names := []string{"Anna Petrova", "O'Brien, Sean", "Иван Смирнов", "Zoë Müller", "Li Wei", "María López"}
	for i := range 200 {
		bill, shipped := 100000+i, 1767225600+i*3600
		tracking := fmt.Sprintf("%013d", 1418203957113+i*7919)
		number := fmt.Sprint(bill)
		switch i {
		case 17:
			number = "1.00E+05" // as a spreadsheet shortens it
		case 58:
			number = fmt.Sprintf("%d %03d", bill/1000, bill%1000)
		case 91:
			tracking = ""
		case 120, 121:
			number = fmt.Sprint(500404 + i%2*1000) // orders that do not exist
		case 160:
			tracking = fmt.Sprint(1418203957113 + 158*7919) // as two rows before
		}
		status := "sent"
		date := fmt.Sprint(shipped)
		if i%40 == 39 {
			number, status, date, tracking = fmt.Sprint(bill-3), "return", "", ""
		}
		fmt.Fprintf(&b, "%s,\"%s\",%s,%s,%s\n", number, names[i%len(names)], status, date, tracking)
	}
	return b.Bytes()
}

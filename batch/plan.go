package batch

// Listed is how many faults and warnings a Plan lists; all are counted.
const Listed = 1000

// Plan is what a check found: what a run would do. Nothing was sent.
type Plan struct {
	// Rows counts the manifest's data rows. Counts says what a report would
	// make of each of them now; what a run would send is among the unsent.
	Rows   int
	Counts [len(Classes)]int
	// ToSend counts the updates that a run would send, by status.
	ToSend [Cancel + 1]int
	// Reasons counts rows by why they are unsent or skipped.
	Reasons [ReasonSame + 1]int
	// Changed counts confirmed rows whose pair was changed again since.
	Changed int
	// Again counts updates that are sent only because the user wants it.
	Again int
	// Unused counts filled cells that the row's status does not take, and
	// Trimmed cells that lost outer blanks.
	Unused, Trimmed int
	// Faults and Warnings list the first ones in manifest order.
	Faults, Warnings         []Fault
	FaultCount, WarningCount int
}

// Sending is how many updates a run would send.
func (p *Plan) Sending() int {
	n := 0
	for _, of := range p.ToSend {
		n += of
	}
	return n
}

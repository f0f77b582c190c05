// Package batch is the living room of billmark: updates go in, outcomes come
// out. It knows what an Update and an Outcome are, which updates may be sent
// and in which order (Decider), and how a run goes (Job). It knows nothing of
// CSV, HTTP, SQL, files or screens: what it needs from those it states as
// interfaces, which the other rooms fulfil and cmd plugs in.
//
// # Promises
//
// What a user can rely on, whatever happens, and the tests that hold it.
//
// Accounting. Every row of a manifest has exactly one line in the report, in
// manifest order, and the counts add up to the rows. A file that cannot be
// split into rows with certainty sends nothing at all: TestKill,
// TestWalk (walk), TestCorpus (manifest), TestScripts/mixed.
//
// At most once. Over all runs, the request of an update starts at most once,
// except after proof that nothing left, after HTTP status 429, or by --again
// or settle. The journal refuses to begin an update that was begun before
// (ErrSentBefore), which stops the run: TestSimulation, TestKill, TestFate,
// TestLife (journal), TestForsaken (journal), TestUnsentIsTrue (client).
//
// Confirmed is final. What is confirmed is not sent again, in this run or a
// later one, in whatever file it stands: TestDecideEveryHistory,
// TestDecideAgainstModel, TestKill.
//
// Order. Updates of one bill start in manifest order, one at a time, and none
// behind one that is not confirmed: TestSimulation, TestNeighbours, TestKill.
//
// Intent first. The intent is on the disk before the first byte of a request
// can leave, and the outcome before it is reported: TestKillAtPoints,
// TestFailStore.
//
// Kill anywhere. After a kill the unknown updates are exactly those with an
// intent and no outcome: at most as many as were in flight, each reported as
// unknown, none sent again: TestKill, TestKillFold, TestKillAtPoints.
//
// Power loss. A torn end of the journal is cut off; any other damage is
// refused and explained, never guessed over: TestDamage, TestDamagedLog,
// TestDamagedTail (journal).
//
// Fail stop. If the journal cannot be written, nothing more starts, what is in
// flight is finished and said, and the exit status tells: TestSimulation,
// TestFailStore, TestFailFullDisk.
//
// One account, one process. A journal refuses another account, address or
// time zone, and a second process: TestForeign, TestOneProcess (journal),
// TestFailTogether.
//
// Only a checked reply counts. Status 200, the exact shape, the right hash:
// TestHostileReplies (signer), TestSituations (client), TestStops.
//
// Pace. All requests of an account, retries and read-backs included, take
// their permits from one Pace: TestPace, TestRetryAfter.
//
// Few retries. Only what the API refused at the door is sent again in a run, as
// often as Attempts allows, and all retries of a run together are at most a
// hundred, and one more for ten updates accepted; of several refused at once
// because the API wants a rest, which it gets, one counts: TestRetryBudget,
// TestWindow. A network that goes away fails no row: TestNetworkAway,
// TestConnectionsFail.
//
// Clean stop. The first interrupt starts nothing more and finishes what is in
// flight; the second leaves at once: TestDrain, TestKillInterrupt,
// TestKillSecondInterrupt.
//
// Stable report. A report is a function of manifest and journal: the same
// bytes whenever it is made: TestScripts/run, TestSameBytes (report).
//
// Clocks. Pace and deadlines use the monotonic clock; a clock set back changes
// no outcome and no order. A reply that came while the process was stopped is
// read, whatever the clock says: TestClockJumps, TestReadAfterDeadline (client),
// TestHistoryClock, TestStoppedInFlight.
//
// Control totals. A file with other totals than expected sends nothing:
// TestScripts/choices.
package batch

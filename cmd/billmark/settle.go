package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"billmark/batch"
	"billmark/batch/api"
	"billmark/report"
)

// settleSettings are the flags of billmark settle.
type settleSettings struct {
	settings
	confirm, unsent []string
	reason          string
	resend          bool
}

func settleCommand(c *console) *cobra.Command {
	s := &settleSettings{settings: *defaults()}
	cmd := &cobra.Command{
		Use:   "settle [FILE]",
		Short: "decide what became of unknown and unverified updates",
		Long: `settle decides what became of updates whose outcome is unknown or unverified:
of all that the journal knows, or of those in FILE.

paid and cancel are read back from the API, at the usual pace. A paid update is
confirmed if the order is paid with its date; it is called unsent, to be sent
again by the next run, only if the order is read as not paid and at least ten
minutes have passed. sent and return cannot be read back: look at the order and
say what you saw with --confirm or --unsent and --reason, or send a sent update
once more with --resend, which overwrites.

Exit status: 0 nothing is left to settle, 4 something is.`,
		Example: `  billmark settle
  billmark settle --confirm 100000,100001 --reason "shown as sent, Anna, 3 May"
  billmark settle --resend shipping.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.remember(cmd)
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return settle(c, s, args)
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	s.wireFlags(f)
	s.manifestFlags(f)
	s.commonFlags(f)
	f.BoolVar(&s.yes, "yes", false, "do not ask")
	f.StringSliceVar(&s.confirm, "confirm", nil, "`BILL,...`: these took place; needs --reason")
	f.StringSliceVar(&s.unsent, "unsent", nil, "`BILL,...`: these did not take place and may be sent; needs --reason")
	f.StringVar(&s.reason, "reason", "", "`TEXT` to be kept: who saw what")
	f.BoolVar(&s.resend, "resend", false, "send doubtful sent updates once more")
	return cmd
}

// settling is one call of billmark settle.
type settling struct {
	*desk
	s    *settleSettings
	file string         // the manifest, if only its updates are meant
	list []batch.Record // what is in doubt
	done []settled
	left []settled
}

// settled is what was decided on one update, or why nothing was.
type settled struct {
	record batch.Record
	class  batch.Class
	words  string
}

func settle(c *console, s *settleSettings, args []string) (err error) {
	file, err := s.arguments(args)
	if err != nil {
		return err
	}
	x := &settling{desk: newDesk(c, &s.settings), s: s, file: file}
	defer func() { err = errors.Join(err, x.close()) }()
	ctx, release := x.interruptible()
	defer release()
	if err := x.address(); err != nil {
		return err
	}
	if err := x.openJournal(false); err != nil {
		return err
	}
	x.tellNoJournal()
	if err := x.collect(file); err != nil {
		return err
	}
	if err := x.byWord(); err != nil {
		return err
	}
	failure := x.byAPI(ctx)
	x.leaveRest()
	if err := x.show(); err != nil {
		return err
	}
	switch {
	case failure != nil:
		return failure
	case len(x.left) > 0:
		return finished(exitDoubts)
	}
	return nil
}

// arguments tells the manifest from order numbers that follow --confirm or
// --unsent without a comma.
func (s *settleSettings) arguments(args []string) (file string, err error) {
	for _, a := range args {
		_, bad := api.ParseBill(a)
		_, missing := os.Stat(a)
		switch {
		case bad == nil && missing != nil && len(s.confirm) > 0 && len(s.unsent) == 0:
			s.confirm = append(s.confirm, a)
		case bad == nil && missing != nil && len(s.unsent) > 0 && len(s.confirm) == 0:
			s.unsent = append(s.unsent, a)
		case file != "":
			return "", usage(fmt.Sprintf("settle takes one manifest, not %q and %q", file, a), "give order numbers as --confirm 100000,100001")
		default:
			file = a
		}
	}
	if len(s.confirm)+len(s.unsent) > 0 && strings.TrimSpace(s.reason) == "" {
		return "", usage("--confirm and --unsent need a reason", `say who saw what, for example --reason "shown as sent, Anna, 3 May"`)
	}
	return file, nil
}

// collect finds what is in doubt.
func (x *settling) collect(file string) error {
	var wanted map[batch.Update]bool
	if file != "" {
		if err := x.read(file); err != nil {
			return err
		}
		wanted = map[batch.Update]bool{}
		if err := x.decided.Each(func(row *batch.Row, o batch.Outcome) error {
			if o.Class == batch.Unknown || o.Class == batch.Unverified {
				wanted[row.Update] = true
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if x.journal == nil {
		return nil
	}
	err := x.journal.Scan(func(r *batch.Record) error {
		doubtful := r.Outcome.Class == batch.Unknown || r.Outcome.Class == batch.Unverified
		if doubtful && (wanted == nil || wanted[r.Update]) {
			x.list = append(x.list, *r)
		}
		return nil
	})
	slices.SortFunc(x.list, func(a, b batch.Record) int { return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Line, b.Line)) })
	return err
}

// byWord takes a person's word.
func (x *settling) byWord() error {
	for _, w := range []struct {
		bills []string
		class batch.Class
	}{{x.s.confirm, batch.Confirmed}, {x.s.unsent, batch.Unsent}} {
		for _, text := range w.bills {
			bill, err := api.ParseBill(strings.TrimSpace(text))
			if err != nil {
				return usage(fmt.Sprintf("%q: %v", text, err), "give order numbers as --confirm 100000,100001")
			}
			i := slices.IndexFunc(x.list, func(r batch.Record) bool { return r.Update.Bill == bill })
			if i < 0 {
				return usage(fmt.Sprintf("no update of order %d is in doubt", bill), "billmark settle lists what is")
			}
			if err := x.conclude(x.list[i], w.class, x.s.reason); err != nil {
				return err
			}
			x.list = slices.Delete(x.list, i, i+1)
		}
	}
	return nil
}

// conclude writes a decision to the journal.
func (x *settling) conclude(r batch.Record, class batch.Class, words string) error {
	note := fmt.Sprintf("%s: settled as %s: %s", describe(r), class, words)
	o := batch.Outcome{Class: class, Reason: batch.ReasonSettled, Text: words, Finished: time.Now()}
	if err := x.journal.Settle(r.Update, o, note); err != nil {
		return fmt.Errorf("writing to the journal: %w", err)
	}
	x.done = append(x.done, settled{r, class, words})
	return nil
}

// byAPI reads back what can be read back, and sends again what was asked for.
func (x *settling) byAPI(ctx context.Context) error {
	var readable, again []batch.Record
	for _, r := range x.list {
		switch {
		case len(x.s.confirm)+len(x.s.unsent) > 0:
			x.leave(r, "not named in this call")
		case api.Readable(r.Update.Status):
			readable = append(readable, r)
		case x.s.resend && r.Update.Status == batch.Sent:
			again = append(again, r)
		case r.Update.Status == batch.Sent:
			x.leave(r, "it cannot be read back: look at the delivery of the order, then say --confirm or --unsent; or --resend sends it once more, over what stands there")
		default:
			x.leave(r, "it cannot be read back: look at the delivery of the order, then say --confirm or --unsent")
		}
	}
	if len(readable)+len(again) == 0 {
		return nil
	}
	if err := x.wire(); err != nil {
		return err
	}
	if err := x.readBack(ctx, readable); err != nil {
		return err
	}
	return x.sendAgain(ctx, again)
}

// readBack settles what the orders themselves tell.
func (x *settling) readBack(ctx context.Context, list []batch.Record) error {
	if len(list) == 0 {
		return nil
	}
	poster := x.client.Open()
	defer poster.Close()
	back := batch.ReadBack{Account: x.account, Poster: poster, Pace: batch.NewPace(x.s.rate.limit), Function: api.Details, Form: api.DetailsForm}
	broken := 0 // readings in a row
	for _, r := range list {
		reply, err := back.Read(ctx, r.Update.Bill)
		switch {
		case ctx.Err() != nil:
			return batch.ErrInterrupted
		case reply.Code != "" && api.Judge(reply.Code).Stop:
			return &batch.Stop{Reason: batch.StopAccount, Code: reply.Code, Text: reply.Text}
		case err != nil:
			if broken++; broken == enoughBroken {
				return &unreadable{err}
			}
			x.leave(r, "it could not be read back, settle again: "+report.Clean(err.Error()))
			continue
		}
		broken = 0
		if err := x.judge(r, reply.Code, reply.Result); err != nil {
			return err
		}
	}
	return nil
}

// enoughBroken readings in a row end the settling: the next one would be no
// better.
const enoughBroken = 3

// unreadable is why reading back was given up.
type unreadable struct{ cause error }

func (e *unreadable) Error() string { return e.cause.Error() }
func (e *unreadable) Unwrap() error { return e.cause }

// leaveRest notes that nothing was decided on those that were not come to.
func (x *settling) leaveRest() {
	dealt := map[batch.Update]bool{}
	for _, s := range slices.Concat(x.done, x.left) {
		dealt[s.record.Update] = true
	}
	for _, r := range x.list {
		if !dealt[r.Update] {
			x.leave(r, "nothing was decided")
		}
	}
}

// leave notes that an update stays what it is, and why.
func (x *settling) leave(r batch.Record, why string) {
	x.left = append(x.left, settled{r, r.Outcome.Class, why})
}

func (x *settling) judge(r batch.Record, code string, result []byte) error {
	if code != "0" {
		x.leave(r, api.Words(code, string(x.language())))
		return nil
	}
	order, err := api.ReadOrder(result)
	if err != nil {
		x.leave(r, err.Error())
		return nil
	}
	class, words, ok := api.Settle(r.Update, order, time.Since(r.Begun))
	if !ok {
		x.leave(r, words)
		return nil
	}
	return x.conclude(r, class, words+", says the API")
}

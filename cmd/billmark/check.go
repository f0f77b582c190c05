package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"billmark/batch"
)

func checkCommand(c *console) *cobra.Command {
	s := defaults()
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "read the whole manifest, tell every fault and what a run would do",
		Long: `check reads the whole manifest, tells every fault and what a run would do. It
opens no socket and resolves no name. Without --account it knows no journal, so
it takes every update for new.

Exit status: 0 a run could start and no row is invalid, 3 some rows are
invalid, 1 the file is refused, 2 a setting is wrong, 75 journal in use.`,
		Example: `  billmark check shipping.csv
  billmark check --column bill_id="Order - Number" --set status=sent export.csv`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := resolve(c, cmd); err != nil {
				return err
			}
			return check(c, s, args[0])
		},
	}
	f := cmd.Flags()
	s.accountFlags(f)
	s.manifestFlags(f)
	s.commonFlags(f)
	f.Var(&s.rate, "rate", "the pace that the time needed is told for")
	return cmd
}

// check makes the plan and shows it.
func check(c *console, s *settings, file string) (err error) {
	d := newDesk(c, s)
	d.planOnly = true
	defer func() { err = errors.Join(err, d.close()) }()
	if s.account != "" {
		if err := d.address(); err != nil {
			return err
		}
		if err := d.openJournal(false); err != nil {
			return err
		}
	}
	if err := d.read(file); err != nil {
		return err
	}
	if err := d.showPlan(c.out); err != nil {
		return err
	}
	if d.decided.Plan().Counts[batch.Invalid] == 0 {
		return nil
	}
	if err := d.tooManyInvalid(); err != nil && !s.quiet {
		fmt.Fprintf(c.err, "billmark: a run would refuse to start: %s\n", err)
	}
	return finished(exitFailures)
}

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// rootCommand is the tree of all commands.
func rootCommand(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "billmark",
		Short: "marks bills in bulk: signed, verified, and never twice",
		Long: `billmark reads a manifest (a CSV of order updates), signs and posts each update
to the InfluencerSoft function UpdateOrderStatus, verifies the hash of every
reply, and reports on every row. The same command again goes on where it was.`,
		Example: `  billmark demo                        a rehearsal that sends nothing to anyone
  billmark check shipping.csv          read everything, send nothing
  billmark run shipping.csv            send what is not yet sent, and report`,
		Version:       version() + ", " + source(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(flagMistake)
	root.SetHelpFunc(help)
	root.AddCommand(
		checkCommand(c), runCommand(c), reportCommand(c), settleCommand(c), historyCommand(c),
		profilesCommand(c), sandboxCommand(c), demoCommand(c), serveCommand(c), watchCommand(c), initCommand(c), versionCommand(c),
	)
	arrange(root, c)
	return root
}

// oneFile wants exactly one manifest.
func oneFile(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return usage("no manifest given", fmt.Sprintf("say billmark %s FILE, or - for standard input", cmd.Name()))
	}
	return usage(fmt.Sprintf("one manifest at a time, not %d: %s", len(args), strings.Join(args, " ")),
		"give the command once for each; the journal keeps them apart")
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Sprintf("%s takes no %q", cmd.Name(), args[0]), fmt.Sprintf("billmark %s --help shows its form", cmd.Name()))
}

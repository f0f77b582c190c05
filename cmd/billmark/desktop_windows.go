package main

import (
	"github.com/inconshreveable/mousetrap"
	"github.com/spf13/cobra"
)

// doubleClicked reports whether the Explorer started this process.
func doubleClicked() bool {
	cobra.MousetrapHelpText = "" // cobra would send such a user to a prompt
	return mousetrap.StartedByExplorer()
}

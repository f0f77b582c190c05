package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release and commit are stamped in by the Makefile.
var release, commit = "dev", ""

func version() string { return release }

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "version, commit, Go version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.out, "billmark %s, %s, %s %s/%s\n", version(), source(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// source names the commit that the program was built from.
func source() string {
	if commit != "" {
		return "commit " + commit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return "commit " + s.Value
			}
		}
	}
	return "unknown commit"
}

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is stamped in by the Makefile.
var release = "dev"

func version() string { return release }

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "version, commit, Go version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			commit := "unknown commit"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = "commit " + s.Value
					}
				}
			}
			_, err := fmt.Fprintf(c.out, "billmark %s, %s, %s %s/%s\n", version(), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"billmark/batch/sandbox"
)

// complete tells the shells what a flag or a command can take.
func complete(root *cobra.Command, c *console) {
	words := map[string][]string{
		"again": againWords, "delimiter": delimiters, "date-format": dateFormats, "encoding": encodings, "lang": languages,
		"rate": somePaces, "max-invalid": someShares, "max-failures": someShares, "timezone": someZones,
		"column": withEquals(fieldNames), "set": append(withEquals(fieldNames), "status=sent", "status=paid", "status=return", "status=cancel"),
		"word": withEquals(statusNames), "expect": withEquals(statusNames), "where": nil, "reason": nil, "confirm": nil, "unsent": nil,
		"expect-rows": nil, "first": nil, "workers": {"1", "4", "8", "16"}, "timeout": {"30s", "60s", "2m"}, "attempts": {"1", "3", "5"},
		"api": nil, "proxy": nil, "webhook": nil, "fault": withEquals(sandbox.Kinds()),
		"latency": {"50ms", "200ms", "1s"}, "jitter": {"20ms", "100ms"}, "seed": nil, "listen": {"127.0.0.1:8787"}, "every": {"2s", "10s", "1m"},
	}
	endings := map[string][]string{"ca-file": {"pem", "crt", "cer"}, "report": reportEndsIn, "failed": {"csv"}, "journal": {"journal"}}
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if list, ok := words[f.Name]; ok {
				cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(list, how(list)))
			} else if list, ok := endings[f.Name]; ok {
				cmd.MarkFlagFilename(f.Name, list...)
			} else if f.Name == "account" {
				cmd.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
					return knownAccounts(c), cobra.ShellCompDirectiveNoFileComp
				})
			} else if f.Name == "profile" {
				cmd.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
					return profileNames(c), cobra.ShellCompDirectiveDefault
				})
			}
		})
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = completeArgs
		}
	}
}

// how says that nothing else is to be offered, and no blank put behind NAME=.
func how(list []string) cobra.ShellCompDirective {
	d := cobra.ShellCompDirectiveNoFileComp
	for _, w := range list {
		if strings.HasSuffix(w, "=") {
			d |= cobra.ShellCompDirectiveNoSpace
		}
	}
	return d
}

func withEquals(names []string) []string {
	var list []string
	for _, n := range names {
		list = append(list, n+"=")
	}
	return list
}

// completeArgs offers a manifest to commands that take one, once.
func completeArgs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) > 0 || !strings.Contains(cmd.Use, " "):
		return nil, cobra.ShellCompDirectiveNoFileComp
	case strings.Contains(cmd.Use, "DIR"):
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// knownAccounts are those that have a journal here.
func knownAccounts(c *console) []string {
	folder, err := stateFolder(c)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(folder)
	var list []string
	for _, e := range entries {
		if account, _, ok := strings.Cut(e.Name(), "@"); ok && filepath.Ext(e.Name()) == ".journal" && (len(list) == 0 || list[len(list)-1] != account) {
			list = append(list, account)
		}
	}
	return list
}

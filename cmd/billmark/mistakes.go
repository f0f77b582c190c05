package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// synonyms are what people call commands elsewhere.
var synonyms = map[string][]string{
	"run":     {"send", "post", "start", "resume", "continue", "retry", "go", "apply", "mark"},
	"check":   {"validate", "verify", "plan", "lint", "dry-run", "test"},
	"settle":  {"resolve", "reconcile", "unknown"},
	"history": {"runs", "log", "list", "status"},
	"init":    {"setup", "login", "configure", "config"},
	"sandbox": {"server", "mock", "fake"},
	"serve":   {"web", "ui", "page"},
	"demo":    {"example", "tour"},
	"watch":   {"daemon", "folder"},
}

// unknownCommand is for words behind billmark that are no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	if _, err := os.Stat(word); err == nil || strings.EqualFold(filepath.Ext(word), ".csv") {
		return usage(fmt.Sprintf("%q is no command", word), fmt.Sprintf("say billmark check %s, or billmark run %[1]s; nothing was sent", quotedWord(word)))
	}
	var names []string
	meant := ""
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
			if slices.Contains(synonyms[sub.Name()], strings.ToLower(word)) {
				meant = sub.Name()
			}
		}
	}
	hint := "billmark --help lists the commands"
	if meant == "" {
		meant = nearest(word, names)
	}
	if meant != "" {
		hint = fmt.Sprintf("did you mean billmark %s? %s", meant, hint)
	}
	return usage(fmt.Sprintf("unknown command %q", word), hint)
}

// wishes answers flags that there are not, and on purpose.
var wishes = map[string]string{
	"key":      "the key is never a flag, for others could see it: set BILLMARK_KEY, or say --key-file FILE",
	"insecure": "there is no flag that turns verification off; --ca-file adds certificates to trust",
	"resume":   "there is no need: the same command goes on where it was",
	"force":    "what is known is not sent again; --again rejected,late,stale,superseded sends such rows after all",
}

var sameWish = map[string]string{
	"secret": "key", "password": "key", "api-key": "key", "token": "key", "k": "insecure", "no-verify": "insecure", "skip-verify": "insecure",
	"continue": "resume", "restart": "resume", "retry": "force", "f": "force", "resend": "force",
}

// flagMistake says in words what is wrong with a flag. What stands behind a
// flag that there is not may be a secret, so it is not told.
func flagMistake(cmd *cobra.Command, err error) error {
	lists := fmt.Sprintf("%s --help lists the flags", cmd.CommandPath())
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown, lists)
	case errors.As(err, &missing):
		name, _ := pflag.UnquoteUsage(missing.GetFlag())
		return usage(fmt.Sprintf("--%s needs a value", missing.GetFlag().Name), fmt.Sprintf("say --%s %s; %s", missing.GetFlag().Name, name, lists))
	case errors.As(err, &invalid):
		return wrongValue(invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap(), lists)
	}
	return usage(err.Error(), lists)
}

func unknownFlag(cmd *cobra.Command, e *pflag.NotExistError, lists string) error {
	name := e.GetSpecifiedName()
	short := e.GetSpecifiedShortnames() != ""
	dashes := "--"
	if short {
		dashes = "-"
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	wish := wishes[name]
	if same, ok := sameWish[name]; ok {
		wish = wishes[same]
	}
	meant := nearest(name, names)
	switch {
	case wish != "":
		lists = wish
	case meant != "" && !short:
		lists = fmt.Sprintf("did you mean --%s? %s", meant, lists)
	}
	return usage(fmt.Sprintf("%s has no flag %s%s", cmd.CommandPath(), dashes, name), lists)
}

// wrongValue tells of a value that a flag, or its variable, cannot take.
func wrongValue(f *pflag.Flag, value string, cause error, lists string) error {
	var name *noSuchName
	text := fmt.Sprintf("--%s %q: %v", f.Name, value, cause)
	switch {
	case errors.As(cause, &name):
		text = fmt.Sprintf("--%s %s: %v", f.Name, name.name, cause)
	case f.Value.Type() == "duration":
		text = fmt.Sprintf("--%s %q: must be a time like 500ms, 60s or 2m", f.Name, value)
	case f.Value.Type() == "bool":
		text = fmt.Sprintf("--%s takes no value, but %q was given", f.Name, value)
	}
	return usage(text, lists)
}

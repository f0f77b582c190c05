package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand writes manual pages from what --help says.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "write the manual pages into a folder",
		Long:   "man writes a manual page for every command into a folder, from what --help says.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(cmd *cobra.Command, args []string) error { return writeManuals(cmd.Root(), args[0]) },
	}
}

func writeManuals(root *cobra.Command, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	pages := withPage(root)
	for _, cmd := range pages {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(manual(cmd, pages)), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// withPage are a command and those below it that have a manual page.
func withPage(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "completion" {
			list = append(list, withPage(sub)...)
		}
	}
	return list
}

// manual is a command's page. It tells no date, so that the same program makes
// the same page.
func manual(cmd *cobra.Command, pages []*cobra.Command) string {
	var b strings.Builder
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"billmark %s\" \"billmark\"\n", roff(strings.ToUpper(name)), roff(version()))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	b.WriteString(".SH DESCRIPTION\n" + paragraphs(firstOf(cmd.Long, cmd.Short)))
	if cmd.HasParent() {
		if flags := shownFlags(cmd); len(flags) > 0 {
			b.WriteString(".SH OPTIONS\n")
			for _, f := range flags {
				b.WriteString(option(f))
			}
		}
	} else {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range pages[1:] {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(strings.TrimPrefix(sub.CommandPath(), "billmark ")), roff(sub.Short))
		}
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(cmd.Example))
	}
	b.WriteString(environmentSection(cmd))
	b.WriteString(".SH SEE ALSO\n")
	var others []string
	for _, other := range pages {
		if other != cmd {
			others = append(others, fmt.Sprintf(".BR %s (1)", roff(strings.ReplaceAll(other.CommandPath(), " ", "-"))))
		}
	}
	return b.String() + strings.Join(others, ",\n") + "\n"
}

// option is one flag.
func option(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	head := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
	if name != "" {
		head += " \\fI" + roff(name) + "\\fR"
	}
	return fmt.Sprintf(".TP\n%s\n%s\n", head, roff(flagText(f)))
}

// environmentSection lists the variables that a command reads.
func environmentSection(cmd *cobra.Command) string {
	var b strings.Builder
	for _, f := range shownFlags(cmd) {
		if variable, ok := environment[f.Name]; ok {
			fmt.Fprintf(&b, ".TP\n.B %s\nas \\-\\-%s\n", roff(variable), roff(f.Name))
		}
		if f.Name == "key-file" {
			b.WriteString(".TP\n.B BILLMARK_KEY\nthe secret key; never a flag\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return ".SH ENVIRONMENT\n" + b.String()
}

// paragraphs keeps the blank lines of a text, and lets the page break others.
func paragraphs(text string) string {
	parts := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range parts {
		parts[i] = roff(p)
	}
	return strings.Join(parts, "\n.PP\n") + "\n"
}

// roff makes text safe for the page: a line that begins with a dot or a quote
// would be a command, and a backslash an escape.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

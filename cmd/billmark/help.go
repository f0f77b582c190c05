package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyday are the flags that help shows of commands with many; the others are
// shown by --help --verbose.
var everyday = []string{
	"account", "key-file", "profile", "rate", "column", "set", "word", "where", "date-format", "max-invalid", "again", "first",
	"report", "yes", "json",
}

// everydayOf are those of commands that take many for the sake of few.
var everydayOf = map[string][]string{
	"watch":  {"account", "key-file", "profile", "rate", "column", "set", "word", "every", "once", "notify", "json"},
	"settle": {"account", "key-file", "profile", "rate", "confirm", "unsent", "reason", "resend", "yes", "json"},
}

// manyFlags is from how many flags on only everyday ones are shown.
const manyFlags = 20

// groups put the commands into an order in which a new user meets them.
var groups = []struct {
	title    string
	commands []string
}{
	{"To begin", []string{"demo", "init", "profiles"}},
	{"Every day", []string{"check", "run", "watch", "serve"}},
	{"Afterwards", []string{"report", "settle", "history"}},
	{"Beside", []string{"sandbox", "completion", "help", "version"}},
}

// cobraShort says in our words what cobra's own commands do.
var cobraShort = map[string]string{
	"completion": "a script that completes command lines: bash, zsh, fish, powershell",
	"help":       "help on a command",
}

// arrange completes the tree of commands: cobra's own ones, groups, values of
// flags, and the hidden command that writes manual pages.
func arrange(root *cobra.Command, c *console) {
	root.AddCommand(manCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd("x") // any argument: it is wanted in help too
	for _, sub := range root.Commands() {
		if short, ok := cobraShort[sub.Name()]; ok {
			sub.Short = short
		}
	}
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, sub := range root.Commands() {
			if slices.Contains(g.commands, sub.Name()) {
				sub.GroupID = g.title
			}
		}
	}
	complete(root, c)
}

// help shows one command on one screen.
func help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	for line := range strings.SplitSeq(strings.TrimSpace(firstOf(cmd.Long, cmd.Short)), "\n") {
		fmt.Fprintln(w, wrapped(line, pageWidth))
	}
	fmt.Fprintf(w, "\nUsage\n  %s\n", cmd.UseLine())
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nExamples\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		helpCommands(w, cmd)
	}
	verbose, _ := cmd.Flags().GetBool("verbose")
	helpFlags(w, cmd, verbose)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func helpCommands(w io.Writer, cmd *cobra.Command) {
	width := 0
	for _, sub := range cmd.Commands() {
		width = max(width, len(sub.Name()))
	}
	list := func(title, group string) {
		fmt.Fprintf(w, "\n%s\n", title)
		for _, name := range order(cmd, group) {
			sub, _, _ := cmd.Find([]string{name})
			fmt.Fprintf(w, "  %-*s  %s\n", width, name, sub.Short)
		}
	}
	if len(cmd.Groups()) == 0 {
		list("Commands", "")
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	fmt.Fprintf(w, "\n%s COMMAND --help tells more of each.\n", cmd.CommandPath())
}

// order is the names of a group's commands, in the order of the group.
func order(cmd *cobra.Command, group string) []string {
	var names []string
	for _, g := range groups {
		if g.title == group {
			names = append(names, g.commands...)
		}
	}
	var list []string
	for _, sub := range cmd.Commands() {
		if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
			list = append(list, sub.Name())
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return slices.Index(names, a) - slices.Index(names, b) })
	return list
}

func helpFlags(w io.Writer, cmd *cobra.Command, all bool) {
	flags := shownFlags(cmd)
	if len(flags) == 0 {
		return
	}
	usual, ok := everydayOf[cmd.Name()]
	if !ok {
		usual = everyday
	}
	var shown []*pflag.Flag
	for _, f := range flags {
		if all || len(flags) < manyFlags || slices.Contains(usual, f.Name) {
			shown = append(shown, f)
		}
	}
	fmt.Fprint(w, "\nFlags\n", flagLines(shown))
	if left := len(flags) - len(shown); left > 0 {
		fmt.Fprintf(w, "  and %d more: %s --help --verbose\n", left, cmd.CommandPath())
	}
}

// pageWidth is the width of help.
const pageWidth = 80

// flagLines are flags with what they do, in two columns.
func flagLines(flags []*pflag.Flag) string {
	heads := make([]string, len(flags))
	column := 0
	for i, f := range flags {
		name, _ := pflag.UnquoteUsage(f)
		heads[i] = strings.TrimRight("--"+f.Name+" "+name, " ")
		column = max(column, len(heads[i]))
	}
	var b strings.Builder
	for i, f := range flags {
		head := heads[i]
		for line := range strings.SplitSeq(wrapped(flagText(f), pageWidth-column-4), "\n") {
			fmt.Fprintf(&b, "  %-*s  %s\n", column, head, line)
			head = ""
		}
	}
	return b.String()
}

// flagText is what a flag does, and what it stands at.
func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" && !strings.Contains(text, "(default") {
		text += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return text
}

// wrapped breaks a text at blanks.
func wrapped(text string, width int) string {
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		switch n := len([]rune(word)); {
		case at == 0:
			at = n
		case at+1+n > width:
			b.WriteByte('\n')
			at = n
		default:
			b.WriteByte(' ')
			at += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}

// shownFlags are a command's flags but for help, in the order in which they
// were made.
func shownFlags(cmd *cobra.Command) []*pflag.Flag {
	cmd.InitDefaultHelpFlag()
	var list []*pflag.Flag
	cmd.Flags().SortFlags = false
	flags := cmd.LocalFlags()
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			list = append(list, f)
		}
	})
	return list
}

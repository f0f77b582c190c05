package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"billmark/batch/sandbox"
)

// quietWorld is a world without an account.
func quietWorld(t *testing.T) *world {
	return &world{vars: map[string]string{"HOME": t.TempDir()}}
}

func everyCommand(t *testing.T) []*cobra.Command {
	return withPage(rootCommand(quietWorld(t).console()))
}

// TestHelpFits keeps help on one screen: forty lines of eighty columns.
func TestHelpFits(t *testing.T) {
	for _, cmd := range everyCommand(t) {
		w := quietWorld(t)
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		if code := w.run(args...); code != 0 {
			t.Errorf("%s: exit %d", cmd.CommandPath(), code)
		}
		lines := strings.Split(strings.TrimRight(w.out.String(), "\n"), "\n")
		if len(lines) > 40 {
			t.Errorf("%s --help has %d lines", cmd.CommandPath(), len(lines))
		}
		for _, line := range lines {
			if utf8.RuneCountInString(line) > 84 {
				t.Errorf("%s --help: too wide: %s", cmd.CommandPath(), line)
			}
		}
	}
}

// TestHelpVerbose tells every flag there is.
func TestHelpVerbose(t *testing.T) {
	w := quietWorld(t)
	w.run("run", "--help", "--verbose")
	run, _, _ := rootCommand(w.console()).Find([]string{"run"})
	for _, f := range shownFlags(run) {
		if !strings.Contains(w.out.String(), "\n  --"+f.Name+" ") {
			t.Errorf("--%s is missing", f.Name)
		}
	}
	if strings.Contains(w.out.String(), "more: ") {
		t.Error("it says that there is more")
	}
}

// TestExamples holds the examples of help against the flags that there are.
func TestExamples(t *testing.T) {
	for _, cmd := range everyCommand(t) {
		if cmd.Example == "" && cmd.Name() != "version" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "   ")
			line, _, _ = strings.Cut(line, " > ")
			words, err := splitWords(line)
			if err != nil {
				t.Errorf("%s: %v", line, err)
			}
			if len(words) == 0 || words[0] != "billmark" {
				continue
			}
			sub, rest, err := rootCommand(quietWorld(t).console()).Find(words[1:])
			if err == nil {
				err = sub.ParseFlags(rest)
			}
			if err == nil {
				err = sub.ValidateArgs(sub.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}

// TestMistakes says what was probably meant.
func TestMistakes(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "my shipping.csv")
	if err := os.WriteFile(manifest, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, want string }{
		{"chek", `unknown command "chek"` + "\nbillmark: hint: did you mean billmark check?"},
		{"setle x", "did you mean billmark settle?"},
		{"validate", "did you mean billmark check?"},
		{"send x.txt", "did you mean billmark run?"},
		{"frobnicate", "hint: billmark --help lists the commands"},
		{"'" + manifest + "'", "say billmark check '" + manifest + "', or billmark run"},
		{"run --acount x", "billmark run has no flag --acount\nbillmark: hint: did you mean --account?"},
		{"run --max-invlid 1", "did you mean --max-invalid?"},
		{"run --zzz", "hint: billmark run --help lists the flags"},
		{"run --key", "hint: the key is never a flag"},
		{"run --insecure", "there is no flag that turns verification off"},
		{"run -k", "there is no flag that turns verification off"},
		{"run --force", "--again"},
		{"run --rate", "--rate needs a value\nbillmark: hint: say --rate N/s"},
		{"run --rate fast x", `--rate "fast": must be like 1/s`},
		{"run --timeout 60 x", `--timeout "60": must be a time like 500ms`},
		{"run --yes=perhaps x", `--yes takes no value, but "perhaps" was given`},
		{"run --workers none x", `--workers "none": must be a whole number`},
		{"run --delimiter semikolon x", "did you mean semicolon?"},
		{"run --date-format dym x", "did you mean dmy?"},
		{"run --again lat x", "must be one of rejected, late, stale, superseded; did you mean late?"},
		{"run --again late,stael x", `"stael" must be one of rejected, late, stale, superseded; did you mean stale?`},
		{"run --set staus=paid x", "--set staus: there is no field of this name; did you mean status?"},
		{"run --word piad=Completed x", "--word piad: there is no status of this name; did you mean paid?"},
		{"run --column order=x x", "--column order: there is no field of this name (bill_id"},
		{"run --lang rus x", "did you mean ru?"},
	} {
		w := quietWorld(t)
		args, err := splitWords(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		if code := w.run(args...); code != exitUsage || !strings.Contains(w.err.String(), tt.want) {
			t.Errorf("%s: exit %d, said:\n%swant %s", tt.line, code, w.err.String(), tt.want)
		}
	}
}

// TestMistakesKeepSecrets does not repeat what may be a key.
func TestMistakesKeepSecrets(t *testing.T) {
	for _, line := range []string{"run --key=5ecret x", "run --kee=5ecret x", "run --secret 5ecret x"} {
		w := quietWorld(t)
		w.run(strings.Fields(line)...)
		if strings.Contains(w.err.String()+w.out.String(), "5ecret") {
			t.Errorf("%s: said %s", line, w.err.String())
		}
	}
}

// TestNearest measures what is near.
func TestNearest(t *testing.T) {
	commands := []string{"check", "run", "report", "settle", "history", "sandbox", "demo"}
	for text, want := range map[string]string{
		"chekc": "check", "CHECK": "check", "rn": "run", "reprot": "report", "hist": "history", "sand": "sandbox",
		"x": "", "": "", "frobnicate": "", "s": "", "deom": "demo",
	} {
		if got := nearest(text, commands); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"дом", "том", 1}, {"ca", "abc", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != got {
			t.Errorf("%q, %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestCompletion offers what a flag can take, as a shell asks for it.
func TestCompletion(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"run --again |", "rejected\nlate\nstale\nsuperseded\n:4"},
		{"run --delimiter s|", "auto\ncomma\nsemicolon\ntab\npipe\n:4"},
		{"run --set |", "bill_id=\nstatus=\ndate=\nrpo=\nstatus=sent\nstatus=paid\nstatus=return\nstatus=cancel\n:6"},
		{"run --report |", "csv\nxlsx\nhtml\njsonl\n:8"},
		{"run --account |", "shop7\nshop8\n:4"},
		{"sandbox --fault dr|", strings.Join(withEquals(sandbox.Kinds()), "\n") + "\n:6"},
		{"run x.csv |", ":4"},
		{"watch |", ":16"},
		{"hist|", "history\tthe runs that the journal knows\n:4"},
	} {
		w := quietWorld(t)
		folder, err := stateFolder(w.console())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"shop7@a.journal", "shop7@b.journal", "shop8@a.journal", "shop8@a.journal.lock"} {
			os.MkdirAll(folder, 0o777)
			os.WriteFile(filepath.Join(folder, name), nil, 0o666)
		}
		line, _, _ := strings.Cut(tt.line, "|")
		args := append([]string{"__complete"}, strings.Split(line, " ")...)
		if code := w.run(args...); code != 0 {
			t.Errorf("%s: exit %d: %s", tt.line, code, w.err.String())
		}
		if diff := cmp.Diff(tt.want, strings.TrimSpace(w.out.String())); diff != "" {
			t.Errorf("%s: %s", tt.line, diff)
		}
	}
}

// TestCompletionScripts has the shells that are here read their scripts.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		w := quietWorld(t)
		if code := w.run("completion", shell); code != 0 || len(w.out.String()) < 1000 {
			t.Errorf("%s: exit %d, %d bytes", shell, code, len(w.out.String()))
		}
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue
		}
		cmd := exec.Command(path, "-n", "/dev/stdin")
		cmd.Stdin = strings.NewReader(w.out.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
}

// macro is a line of a manual page that is not text.
var macro = regexp.MustCompile(`^\.(TH|SH|PP|TP|B|BR|nf|fi)( |$)`)

// TestManuals writes a page for every command, and has groff read them where
// it is.
func TestManuals(t *testing.T) {
	folder := t.TempDir()
	w := quietWorld(t)
	if code := w.run("man", folder); code != 0 {
		t.Fatal(w.err.String())
	}
	for _, cmd := range everyCommand(t) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, section := range []string{".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH SEE ALSO"} {
			if !strings.Contains(string(text), section) {
				t.Errorf("%s has no %s", name, section)
			}
		}
		for _, f := range shownFlags(cmd) {
			if cmd.HasParent() && !strings.Contains(string(text), roff("--"+f.Name)) {
				t.Errorf("%s does not tell of --%s", name, f.Name)
			}
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !macro.MatchString(line) {
				t.Errorf("%s has a line that is neither text nor a macro: %q", name, line)
			}
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("groff is not here")
		return
	}
	pages, _ := filepath.Glob(filepath.Join(folder, "*.1"))
	for _, page := range pages {
		if out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", page).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", filepath.Base(page), err, out)
		}
	}
}

// TestRoff leaves no text that a page would take for a command.
func TestRoff(t *testing.T) {
	for text, want := range map[string]string{".x": `\&.x`, "'x": `\&'x`, `a\b`: `a\eb`, "--x": `\-\-x`, "a\n.b": "a\n" + `\&.b`} {
		if got := roff(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestWrapped breaks at blanks only.
func TestWrapped(t *testing.T) {
	for _, tt := range []struct {
		width int
		want  string
	}{{80, "one two three"}, {8, "one two\nthree"}, {3, "one\ntwo\nthree"}, {1, "one\ntwo\nthree"}} {
		if got := wrapped("one  two three", tt.width); got != tt.want {
			t.Errorf("%d: got %q", tt.width, got)
		}
	}
}

// TestQuotedWord gives words that a shell takes as they are.
func TestQuotedWord(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	for _, word := range []string{"plain.csv", "", "two words", "it's", `a"b`, "$HOME", "`x`", "a;b", "*", "ЯЩ.csv", "a\nb", `back\slash`, "~"} {
		out, err := exec.Command(sh, "-c", "printf %s "+quotedWord(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q: came out as %q, %v", word, out, err)
		}
	}
	if got, want := (&manners{given: []pair{{"yes", ""}, {"set", "status=paid"}, {"first", "3"}}}).command("run", "-x.csv", "first"),
		"billmark run --yes --set status=paid ./-x.csv"; got != want {
		t.Errorf("got %s", got)
	}
}

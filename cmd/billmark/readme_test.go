package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"billmark/batch/sandbox"
	"billmark/signer"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks gives the fenced blocks of one language.
func blocks(text, language string) []string {
	var list []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestReadmeCommands runs every command of the README, in order, as a new user
// would, against a stand-in for the API.
func TestReadmeCommands(t *testing.T) {
	account, err := signer.NewAccount("shop7", "0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := startSandbox(sandbox.New(sandbox.Config{Account: account}))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	folder := t.TempDir()
	manifest := "bill_id,status,date,rpo\n100000,sent,1362254400,10000000000000\n100001,paid,1362254400,\n"
	if err := os.WriteFile(filepath.Join(folder, "shipping.csv"), []byte(manifest), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "inbox"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "inbox", "payments.csv"), "bill_id,status,date\n200000,paid,1362254400\n")
	ran := 0
	for _, block := range blocks(readFile(t, root+"/README.md"), "sh") {
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(line, "#")
			args := strings.Fields(line)
			if len(args) == 0 || args[0] != "billmark" {
				continue
			}
			ran++
			cmd := exec.Command(os.Args[0], args[1:]...)
			cmd.Dir = folder
			cmd.Env = append(os.Environ(), childVariable+"=", "HOME="+folder, "BILLMARK_ACCOUNT=shop7",
				"BILLMARK_KEY=0123456789abcdef", "BILLMARK_API="+url, "BILLMARK_RATE=0")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d commands were found", ran)
	}
}

// TestReadmeLibrary holds the README's lines of Go against the example that is
// compiled and run.
func TestReadmeLibrary(t *testing.T) {
	_, source, _ := strings.Cut(readFile(t, root+"/batch/example_test.go"), "\t// README: begin\n")
	source, _, _ = strings.Cut(source, "\t// README: end\n")
	want := strings.ReplaceAll("\n"+source, "\n\t", "\n")[1:]
	shown := blocks(readFile(t, root+"/README.md"), "go")
	if len(shown) != 1 || shown[0] != want {
		t.Errorf("the README shows\n%s\nthe example is\n%s", strings.Join(shown, "\n---\n"), want)
	}
}

// TestReadmeTargets: what the README says to make can be made.
func TestReadmeTargets(t *testing.T) {
	makefile := readFile(t, root+"/Makefile")
	for _, m := range regexp.MustCompile(`\bmake ([a-z-]+)`).FindAllStringSubmatch(readFile(t, root+"/README.md"), -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("the README names make %s, which is not there", m[1])
		}
	}
}

// TestReadmeFlags: every flag that the README names is one.
func TestReadmeFlags(t *testing.T) {
	known := map[string]bool{"--help": true}
	var out strings.Builder
	tree := rootCommand(&console{in: strings.NewReader(""), out: &out, err: &out, env: os.LookupEnv, leave: func(int) {}})
	for _, cmd := range tree.Commands() {
		for _, m := range regexp.MustCompile(`--[a-z-]+`).FindAllString(cmd.UsageString(), -1) {
			known[m] = true
		}
	}
	for _, flag := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(readFile(t, root+"/README.md"), -1) {
		if !known[flag] {
			t.Errorf("the README names %s, which is no flag", flag)
		}
	}
}

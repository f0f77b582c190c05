package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commanded runs one command line in a world with this environment.
func commanded(t *testing.T, environment map[string]string, answers string, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := &console{
		in: strings.NewReader(answers), out: &stdout, err: &stderr,
		env:   func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
		leave: func(code int) { t.Fatalf("left with %d", code) },
	}
	code = run(c, args)
	return code, stdout.String(), stderr.String()
}

// TestBuiltInProfiles reads a sample of each export with the profile for it,
// and holds the plan against what the sample means.
func TestBuiltInProfiles(t *testing.T) {
	type plan struct {
		Rows, Invalid, Skipped int
		ToSend                 map[string]int `json:"to_send"`
		Mapping                map[string]string
		Faults                 []struct{ Line int }
		Dates                  string
	}
	sends := func(sent, paid int) map[string]int {
		return map[string]int{"sent": sent, "paid": paid, "return": 0, "cancel": 0}
	}
	samples := map[string]struct {
		with  []string
		rows  int
		sends map[string]int
		left  int   // skipped
		wrong []int // lines of invalid rows
		bill  string
		date  string // in the words of the plan
	}{
		"shipstation":      {rows: 4, sends: sends(2, 0), wrong: []int{4, 5}, bill: "Order - Number", date: "line 2: 4/2/2026 4:00:00 AM is 2 April 2026, 04:00:00 UTC"},
		"pirate-ship":      {rows: 3, sends: sends(2, 0), wrong: []int{4}, bill: "Order ID", date: "line 2: 2026-05-05 is 5 May 2026, 12:00:00 UTC"},
		"amazon":           {rows: 4, sends: sends(2, 0), wrong: []int{5}, bill: "order-id", date: "line 2: 2026-05-05 is 5 May 2026"},
		"royal-mail":       {rows: 4, sends: sends(2, 0), wrong: []int{4, 5}, bill: "Channel reference", date: "line 2: 2026-05-05 is 5 May 2026"},
		"paypal":           {rows: 5, sends: sends(0, 2), left: 2, wrong: []int{6}, bill: "Invoice Number", date: "line 2: 05/06/2026 is 6 May 2026"},
		"stripe":           {rows: 5, sends: sends(0, 2), left: 2, wrong: []int{6}, bill: "Description", date: "line 2: 2026-05-06 10:15 is 6 May 2026, 10:15:00 UTC"},
		"quickbooks":       {rows: 7, sends: sends(0, 2), left: 4, wrong: []int{10}, bill: "Num", date: "line 6: 05/06/2026 is 6 May 2026"},
		"quickbooks-new":   {rows: 4, sends: sends(0, 2), left: 2, bill: "Num", date: "line 6: 05/06/2026 is 6 May 2026"},
		"t-bank":           {rows: 5, sends: sends(0, 2), left: 2, wrong: []int{3}, bill: "Описание", date: "line 2: 06.05.2026 12:27:59 is 6 May 2026, 12:27:59 UTC"},
		"sber":             {rows: 4, sends: sends(0, 2), left: 1, wrong: []int{3}, bill: "Описание", date: "line 2: 06.05.2026 is 6 May 2026"},
		"russian-post-103": {with: []string{"--set", "date=2026-05-06"}, rows: 3, sends: sends(2, 0), wrong: []int{4}, bill: "Comment", date: "2026-05-06 is 6 May 2026"},
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(samples)), slices.Sorted(slices.Values(namesIn(builtIn, "profiles")))); diff != "" {
		t.Error("every built-in profile needs a sample:", diff)
	}
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"check", "--json", "--profile", name, filepath.Join(root, "testdata", "profiles", name+".csv")}, want.with...)
			_, out, stderr := commanded(t, map[string]string{"TZ": "UTC"}, "", args...)
			var got plan
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			if got.Rows != want.rows || got.Skipped != want.left || got.Invalid != len(want.wrong) || got.Mapping["bill_id"] != want.bill {
				t.Errorf("%d rows, %d skipped, %d invalid, bill_id from %q", got.Rows, got.Skipped, got.Invalid, got.Mapping["bill_id"])
			}
			if diff := cmp.Diff(want.sends, got.ToSend); diff != "" {
				t.Error("to send:", diff)
			}
			var lines []int
			for _, f := range got.Faults {
				lines = append(lines, f.Line)
			}
			if diff := cmp.Diff(want.wrong, lines); diff != "" {
				t.Error("invalid lines:", diff)
			}
			if !strings.Contains(got.Dates, want.date) {
				t.Errorf("dates: %s", got.Dates)
			}
		})
	}
}

// resolved gives what a setting comes to.
func resolved(t *testing.T, environment map[string]string, profile string, args ...string) *settings {
	t.Helper()
	s, err := resolveIn(t, environment, profile, args...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func resolveIn(t *testing.T, environment map[string]string, profile string, args ...string) (*settings, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.toml")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &console{env: func(name string) (string, bool) { v, ok := environment[name]; return v, ok }}
	s := defaults()
	cmd := reportCommand(c) // it has all settings
	cmd.ResetFlags()
	for _, add := range []func(){
		func() { s.accountFlags(cmd.Flags()) }, func() { s.wireFlags(cmd.Flags()) }, func() { s.manifestFlags(cmd.Flags()) },
		func() { s.outputFlags(cmd.Flags()) }, func() { s.commonFlags(cmd.Flags()) },
	} {
		add()
	}
	if err := cmd.ParseFlags(append(args, "--profile", file)); err != nil {
		t.Fatal(err)
	}
	return s, resolve(c, cmd)
}

// TestOrderOfSettings: flag beats environment beats profile beats default.
func TestOrderOfSettings(t *testing.T) {
	const profile = "rate = \"5/s\"\nworkers = 3\ntimeout = \"5s\"\nmultiline = true\nmax-invalid = 0\nreport = [\"a.csv\", \"b.xlsx\"]\nbefore = \"Date\"\nskip = 2\nfooter = \"TOTAL\"\n"
	for _, c := range []struct {
		name        string
		args        []string
		environment map[string]string
		want        string
	}{
		{"the profile alone", nil, nil, "5/s 3 5s 0 3 [a.csv b.xlsx]"},
		{"with the environment", nil, map[string]string{"BILLMARK_RATE": "7/s", "BILLMARK_ATTEMPTS": "9"}, "7/s 3 5s 0 9 [a.csv b.xlsx]"},
		{"with an empty variable", nil, map[string]string{"BILLMARK_RATE": ""}, "5/s 3 5s 0 3 [a.csv b.xlsx]"},
		{"with flags", []string{"--rate", "2/s", "--report", "c.csv", "--max-invalid", "3%"}, map[string]string{"BILLMARK_RATE": "7/s"}, "2/s 3 5s 3% 3 [c.csv]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := resolved(t, c.environment, profile, c.args...)
			got := fmt.Sprint(s.rate.text, " ", int(s.workers), " ", s.timeout, " ", s.maxInvalid.text, " ", int(s.attempts), " ", s.reports)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			o := s.manifestOptions("", nil)
			if !o.Multiline || o.Skip != 2 || o.Before != "Date" || o.Footer != "TOTAL" {
				t.Errorf("the manifest's options are %+v", o)
			}
		})
	}
}

// TestPairsOfProfiles: of settings with names, each name is one of its own.
func TestPairsOfProfiles(t *testing.T) {
	const profile = `
column = ["bill_id=Order", "rpo=Tracking", "status=State"]
set = ["date=2026-05-06"]
word = ["paid=Completed", "paid=Settled"]
where = ["State=Completed", "State=Settled", "Kind=Sale"]
expect = ["paid=5", "sent=1"]
`
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"the profile alone", nil, "[{bill_id Order} {rpo Tracking} {status State}] [{date 2026-05-06}] [{paid Completed} {paid Settled}] [{State Completed} {State Settled} {Kind Sale}] [{paid 5} {sent 1}]"},
		{"another column", []string{"--column", "bill_id=Number"}, "[{rpo Tracking} {status State} {bill_id Number}] [{date 2026-05-06}] [{paid Completed} {paid Settled}] [{State Completed} {State Settled} {Kind Sale}] [{paid 5} {sent 1}]"},
		{"a value for a column", []string{"--set", "status=paid"}, "[{bill_id Order} {rpo Tracking}] [{date 2026-05-06} {status paid}] [{paid Completed} {paid Settled}] [{State Completed} {State Settled} {Kind Sale}] [{paid 5} {sent 1}]"},
		{"a column for a value", []string{"--column", "date=Day"}, "[{bill_id Order} {rpo Tracking} {status State} {date Day}] [] [{paid Completed} {paid Settled}] [{State Completed} {State Settled} {Kind Sale}] [{paid 5} {sent 1}]"},
		{"another meaning of a word", []string{"--word", "cancel=settled"}, "[{bill_id Order} {rpo Tracking} {status State}] [{date 2026-05-06}] [{paid Completed} {cancel settled}] [{State Completed} {State Settled} {Kind Sale}] [{paid 5} {sent 1}]"},
		{"another condition", []string{"--where", "state=Open", "--expect", "paid=6"}, "[{bill_id Order} {rpo Tracking} {status State}] [{date 2026-05-06}] [{paid Completed} {paid Settled}] [{Kind Sale} {state Open}] [{sent 1} {paid 6}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := resolved(t, nil, profile, c.args...)
			if got := fmt.Sprint(s.columns, s.set, s.word, s.where, s.expect); got != strings.ReplaceAll(c.want, "] [", "] [") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestWrongProfiles: a profile that cannot be meant is a wrong setting, told
// with what to do.
func TestWrongProfiles(t *testing.T) {
	for _, c := range []struct{ name, profile, message, hint string }{
		{"no TOML", "rate = \n", "line 1:", "billmark profiles new"},
		{"an unknown key", `max-invalids = 3`, `there is no setting "max-invalids"`, "did you mean max-invalid?"},
		{"an underscore", `date_format = "dmy"`, `there is no setting "date_format"`, "did you mean date-format?"},
		{"a key", `key = "abc"`, "it cannot hold key", "BILLMARK_KEY"},
		{"another profile", `profile = "a"`, "it cannot hold profile", "cannot call another"},
		{"a program", `notify = "rm"`, "it cannot hold notify", "starts no programs"},
		{"a wrong value", `rate = "fast"`, `rate = "fast": must be like`, "--rate"},
		{"a wrong name", `set = ["bil_id=1"]`, "there is no field of this name; did you mean bill_id?", "--set"},
		{"a list for one", `rate = ["1/s", "2/s"]`, "rate takes one value", "brackets"},
		{"a table", "[column]\nbill_id = \"Order\"\n", "column must be a text", "quotes"},
		{"a date", `timezone = 2026-05-06`, "timezone must be a text", "quotes"},
		{"a description that is none", `description = 5`, "description must be a text", "quotes"},
		{"a value for a flag that the command has not", `workers = 0`, `workers = "0": must be a whole number`, "--workers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := resolveIn(t, nil, c.profile)
			wrong, ok := err.(*told)
			if !ok || wrong.code != exitUsage || !strings.Contains(wrong.message, c.message) || !strings.Contains(wrong.hint, c.hint) {
				t.Errorf("got %v (%+v)", err, wrong)
			}
			if strings.Contains(fmt.Sprint(wrong), "abc") {
				t.Error("it tells what may be a secret")
			}
		})
	}
}

// TestSavedProfiles saves, lists, shows and uses a profile, and puts one before
// a built-in one.
func TestSavedProfiles(t *testing.T) {
	home := t.TempDir()
	world := map[string]string{"XDG_CONFIG_HOME": home, "HOME": home, "TZ": "UTC"}
	file := filepath.Join(t.TempDir(), "mine.toml")
	text := "description = \"of ours\"\nset = [\"status=cancel\"]\ncolumn = [\"bill_id=No\"]\n"
	keepText(t, file, text)
	manifest := filepath.Join(t.TempDir(), "a.csv")
	keepText(t, manifest, "No,Tracking\n100000,1\n")

	for _, name := range []string{"mine", "Stripe"} {
		if code, _, stderr := commanded(t, world, "", "profiles", "save", name, file); code != 0 {
			t.Fatal(stderr)
		}
	}
	if code, out, _ := commanded(t, world, "", "profiles", "show", "MINE"); code != 0 || out != text {
		t.Errorf("shown as %q", out)
	}
	for _, name := range []string{"mine", "stripe", file} {
		world["BILLMARK_PROFILE"] = name
		if code, out, stderr := commanded(t, world, "", "check", manifest); code != 0 || !strings.Contains(out, "1 update (1 cancel)") {
			t.Errorf("%s: %s%s", name, out, stderr)
		}
	}
	delete(world, "BILLMARK_PROFILE")
	_, out, _ := commanded(t, world, "", "profiles", "--json")
	var list struct{ Profiles []profileJSON }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, p := range list.Profiles {
		sources[p.Name] = p.Source + ": " + p.Description
	}
	if sources["mine"] != "file: of ours" || sources["stripe"] != "file: of ours" || !strings.HasPrefix(sources["sber"], "built in: Sber") {
		t.Errorf("listed as %v", sources)
	}
	if code, _, stderr := commanded(t, world, "", "check", "--profile", "mime", manifest); code != exitUsage || !strings.Contains(stderr, "did you mean mine?") {
		t.Errorf("%d %s", code, stderr)
	}
}

// TestProfilesAreKept: a profile is not overwritten, a wrong one not saved, and
// one that was spoiled does not spoil the list.
func TestProfilesAreKept(t *testing.T) {
	home := t.TempDir()
	world := map[string]string{"XDG_CONFIG_HOME": home}
	one, two, bad := filepath.Join(home, "one.toml"), filepath.Join(home, "two.toml"), filepath.Join(home, "bad.toml")
	keepText(t, one, "rate = 1\n")
	keepText(t, two, "rate = 2\n")
	keepText(t, bad, "rate = ?\n")
	for _, c := range []struct {
		file, name string
		code       int
	}{{one, "a", 0}, {one, "a", 0}, {two, "a", exitUsage}, {bad, "b", exitUsage}, {one, "../a", exitUsage}, {one, "", exitUsage}} {
		if code, _, stderr := commanded(t, world, "", "profiles", "save", c.name, c.file); code != c.code {
			t.Errorf("saving %s as %q: %d %s", c.file, c.name, code, stderr)
		}
	}
	folder := filepath.Join(home, "billmark", "profiles")
	if text, _ := os.ReadFile(filepath.Join(folder, "a.toml")); string(text) != "rate = 1\n" {
		t.Errorf("it is %q now", text)
	}
	keepText(t, filepath.Join(folder, "c.toml"), "rate = ?\n")
	code, out, stderr := commanded(t, world, "", "profiles")
	if code != 0 || !strings.Contains(out, "c (file)\n    the profile") || !strings.Contains(out, "sber (built in)") {
		t.Errorf("%d %s%s", code, out, stderr)
	}
	if code, out, _ := commanded(t, world, "", "profiles", "show", "c"); code != exitUsage || out != "rate = ?\n" {
		t.Errorf("%d %s", code, out)
	}
	if code, _, stderr := commanded(t, world, "", "profiles", "shwo"); code != exitUsage || !strings.Contains(stderr, "did you mean show?") {
		t.Errorf("%d %s", code, stderr)
	}
}

// TestNewProfile answers questions about a file, and uses what comes of it.
func TestNewProfile(t *testing.T) {
	const file = "My shop\nReport of May\n\nNo.;State;Day;Parcel\n100000;Gone;06.05.2026;AA1\n100001;Open;07.05.2026;\n100002;Back;08.05.2026;\n"
	path := filepath.Join(t.TempDir(), "may.csv")
	keepText(t, path, file)
	for _, c := range []struct {
		name, answers string
		args          []string
		want          string
		code          int
		said          string
	}{
		{
			"all asked", "\n1\nState\nsent\n-\nreturn\nDay\n4\ndmy\nOur parcels\n", nil,
			"description = \"Our parcels\"\nskip = 3\ndelimiter = \"semicolon\"\ndate-format = \"dmy\"\n" +
				"column = [\"bill_id=No.\", \"status=State\", \"date=Day\", \"rpo=Parcel\"]\nword = [\"sent=Gone\", \"return=Back\"]\nwhere = [\"State=Gone\", \"State=Back\"]\n",
			0, "So read, 2 of 2 rows are valid updates.",
		},
		{
			"little asked", "No\nNo.\ncancel\n\n",
			[]string{"--skip", "3"},
			"description = \"Files like may.csv\"\nskip = 3\ndelimiter = \"semicolon\"\nset = [\"status=cancel\"]\ncolumn = [\"bill_id=No.\"]\n",
			0, `"No" is neither a column nor its number`,
		},
		{
			"nothing asked", "",
			[]string{"--skip", "3", "--column", "bill_id=No.", "--set", "status=sent", "--set", "rpo=1", "--set", "date=2026-05-06"},
			"description = \"Files like may.csv\"\nskip = 3\ndelimiter = \"semicolon\"\nset = [\"status=sent\", \"rpo=1\", \"date=2026-05-06\"]\ncolumn = [\"bill_id=No.\"]\n",
			0, "So read, 3 of 3 rows are valid updates.",
		},
		{"not answered", "4\n", nil, "", exitUsage, "there is no answer to: Which column holds the service's order number?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, stderr := commanded(t, nil, c.answers, append([]string{"profile", "new", path}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.said) {
				t.Errorf("%d %s", code, stderr)
			}
			if diff := cmp.Diff(c.want, out); diff != "" {
				t.Error(diff, stderr)
			}
		})
	}
	home := t.TempDir()
	world := map[string]string{"XDG_CONFIG_HOME": home, "TZ": "UTC"}
	if code, out, stderr := commanded(t, world, "\n1\nState\nsent\n-\nreturn\nDay\n4\ndmy\n\n", "profile", "new", "--save", "may", path); code != 0 || out != "" {
		t.Fatal(code, out, stderr)
	}
	if code, out, stderr := commanded(t, world, "", "check", "--profile", "may", path); code != 0 || !strings.Contains(out, "2 updates (1 sent, 1 return)") {
		t.Errorf("%d %s%s", code, out, stderr)
	}
}

func keepText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

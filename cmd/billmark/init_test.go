package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// saveDefault writes the profile that init would write.
func saveDefault(t *testing.T, w *world, text string) {
	t.Helper()
	folder := profileFolder(w.console())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "default.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDefaultProfile uses what init saved where nothing else is said, and not
// for another account.
func TestDefaultProfile(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("k"), 0o600); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(t.TempDir(), "mine.toml")
	if err := os.WriteFile(mine, []byte("rate = '30/m'\nset = ['status=paid']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		vars map[string]string
		want string // account, key file, rate
	}{
		{"", nil, "shop7 KEY 2/s"},
		{"--rate 5", nil, "shop7 KEY 5/s"},
		{"--account shop7", nil, "shop7 KEY 2/s"},
		{"--account shop8", nil, "shop8 - 1/s"},
		{"", map[string]string{"BILLMARK_ACCOUNT": "shop8"}, "shop8 - 1/s"},
		{"", map[string]string{"BILLMARK_KEY": "other"}, "shop7 - 2/s"},
		{"--profile " + mine, nil, "shop7 KEY 30/m"},
		{"--profile default", nil, "shop7 KEY 2/s"},
	} {
		w := quietWorld(t)
		for name, value := range tt.vars {
			w.vars[name] = value
		}
		saveDefault(t, w, "account = 'shop7'\nkey-file = '"+key+"'\nrate = '2/s'\n")
		s, cmd := defaults(), runCommand(w.console())
		cmd.ResetFlags()
		s.accountFlags(cmd.Flags())
		s.wireFlags(cmd.Flags())
		s.manifestFlags(cmd.Flags())
		if err := cmd.ParseFlags(strings.Fields(tt.args)); err != nil {
			t.Fatal(err)
		}
		if err := resolve(w.console(), cmd); err != nil {
			t.Errorf("%s: %v", tt.args, err)
		}
		file := strings.ReplaceAll(s.keyFile, key, "KEY")
		if file == "" {
			file = "-"
		}
		if got := s.account + " " + file + " " + s.rate.text; got != tt.want {
			t.Errorf("%s, %v: got %s, want %s", tt.args, tt.vars, got, tt.want)
		}
	}
}

// TestDefaultProfileBroken says which file is to be mended.
func TestDefaultProfileBroken(t *testing.T) {
	w := quietWorld(t)
	saveDefault(t, w, "acount = 'shop7'\n")
	if code := w.run("history"); code != exitUsage || !strings.Contains(w.err.String(), "default.toml") || !strings.Contains(w.err.String(), "did you mean account?") {
		t.Errorf("exit %d: %s", code, w.err.String())
	}
}

// TestInitWithoutTerminal refuses, and says what to do instead.
func TestInitWithoutTerminal(t *testing.T) {
	w := quietWorld(t)
	if code := w.run("init"); code != exitUsage || !strings.Contains(w.err.String(), "there is no terminal") || !strings.Contains(w.err.String(), "BILLMARK_KEY_FILE") {
		t.Errorf("exit %d: %s", code, w.err.String())
	}
}

// TestInitProfile can be read back, whatever stands in it.
func TestInitProfile(t *testing.T) {
	for _, folder := range []string{"/home/anna", "/home/o'brien", `C:\Users\Zoë`, "/a\"b\\c'd"} {
		s := defaults()
		s.account, s.api, s.timezone = "shop7", "http://127.0.0.1:1/api/", "Europe/Moscow"
		text := (&wizard{s: s}).profile(filepath.Join(folder, "shop7.key"))
		p := &profile{name: "default", text: []byte(text)}
		if err := parseProfile(p); err != nil {
			t.Errorf("%s: %v in\n%s", folder, err, text)
			continue
		}
		full, _ := filepath.Abs(filepath.Join(folder, "shop7.key"))
		if p.values["account"][0] != "shop7" || p.values["key-file"][0] != full || p.values["timezone"][0] != "Europe/Moscow" {
			t.Errorf("%s: read back as %v", folder, p.values)
		}
	}
}

// TestRawLine edits a line as little as somebody who types a key needs.
func TestRawLine(t *testing.T) {
	for typed, want := range map[string]string{"abc\r": "abc", "abd\x7fc\n": "abc", "zz\x15abc\r": "abc", "\x7f\x7fa\r": "a"} {
		if got, err := rawLine(strings.NewReader(typed)); err != nil || got != want {
			t.Errorf("%q: got %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"ab\x03", "ab\x04", "ab", ""} {
		if got, err := rawLine(strings.NewReader(typed)); err == nil {
			t.Errorf("%q: got %q", typed, got)
		}
	}
}

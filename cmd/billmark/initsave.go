package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// defaultProfile is the name of the profile that init writes, and that is used
// without being named.
const defaultProfile = "default"

// useDefault lets that profile fill in what nothing else gave, unless another
// account is meant.
func useDefault(c *console, cmd *cobra.Command) error {
	named, account := cmd.Flags().Lookup("profile"), cmd.Flags().Lookup("account")
	file := filepath.Join(profileFolder(c), defaultProfile+profileEnding)
	if named == nil || account == nil || profileFolder(c) == "" || named.Value.String() == defaultProfile {
		return nil
	}
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	p, err := readProfile(defaultProfile, file)
	if err != nil {
		return err
	}
	if its := p.values["account"]; account.Changed && (len(its) != 1 || its[0] != account.Value.String()) {
		return nil
	}
	return p.use(c, cmd)
}

// save writes the key file and the profile, if what is there may be replaced.
func (w *wizard) save(folder string) (bool, error) {
	keyFile := filepath.Join(filepath.Dir(folder), w.s.account+".key")
	profile := filepath.Join(folder, defaultProfile+profileEnding)
	w.say("\nThis is written:\n  %s   the key, for your eyes only\n  %s   account and settings\n", keyFile, profile)
	question := "Write them?"
	for _, path := range []string{keyFile, profile} {
		if _, err := os.Stat(path); err == nil {
			question = fmt.Sprintf("%s is there already. Replace it?", path)
		}
	}
	if ok, err := w.yes(question); err != nil || !ok {
		w.say("Nothing was saved.\n")
		return false, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	if err := replaceSecret(keyFile, w.key+"\n"); err != nil {
		return false, err
	}
	if err := replaceSecret(profile, w.profile(keyFile)); err != nil {
		return false, err
	}
	w.say("Saved. For scripts, the same as variables:\n  export BILLMARK_ACCOUNT=%s BILLMARK_KEY_FILE=%s\n", w.s.account, quotedWord(keyFile))
	if w.s.api != "" {
		w.say("  export BILLMARK_API=%s\n", quotedWord(w.s.api))
	}
	return true, nil
}

// profile is what was set, as TOML: the names are those of the flags.
func (w *wizard) profile(keyFile string) string {
	if full, err := filepath.Abs(keyFile); err == nil {
		keyFile = full
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by billmark init. The names are those of the flags.\n")
	for _, line := range [][2]string{
		{"account", w.s.account},
		{"key-file", keyFile},
		{"api", w.s.api},
		{"ca-file", w.s.caFile},
		{"journal", w.s.journal},
		{"timezone", w.s.timezone},
	} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%s = %s\n", line[0], tomlString(line[1]))
		}
	}
	return b.String()
}

// tomlString quotes a text for TOML, whose basic strings know the escapes that
// Go writes, but for \x.
func tomlString(s string) string {
	if !strings.ContainsAny(s, "'\n") {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}

// replaceSecret writes a file that nobody else can read at any moment.
func replaceSecret(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".billmark-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// stateFolder is where journals lie if nobody says otherwise.
func stateFolder(c *console) (string, error) {
	variable, under := "HOME", filepath.Join(".local", "state", "billmark")
	switch runtime.GOOS {
	case "windows":
		variable, under = "LocalAppData", "billmark"
	case "darwin":
		under = filepath.Join("Library", "Application Support", "billmark")
	default:
		if state, ok := c.env("XDG_STATE_HOME"); ok && filepath.IsAbs(state) {
			return filepath.Join(state, "billmark"), nil
		}
	}
	home, ok := c.env(variable)
	if !ok || !filepath.IsAbs(home) {
		return "", usage("there is no home folder for the journal", "say --journal FILE, or set BILLMARK_JOURNAL; nothing was sent")
	}
	return filepath.Join(home, under), nil
}

// journalPath is one path per account and API address.
func (s *settings) journalPath(c *console, base *url.URL) (string, error) {
	if s.journal != "" {
		return s.journal, nil
	}
	folder, err := stateFolder(c)
	if err != nil {
		return "", err
	}
	name := s.account + "@" + strings.ReplaceAll(base.Host, ":", "_")
	if base.String() != defaultAPI(s.account) {
		sum := sha256.Sum256([]byte(base.String()))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return filepath.Join(folder, name+".journal"), nil
}

func defaultAPI(account string) string {
	return fmt.Sprintf("https://%s.influencersoft.com/api/", account)
}

// beside names a file next to the manifest: shipping.csv, ".report.csv" is
// shipping.report.csv. What comes from standard input is called stdin.
func beside(file, ending string) string {
	if file == "-" {
		return "stdin" + ending
	}
	return strings.TrimSuffix(file, filepath.Ext(file)) + ending
}

// key reads the secret key from the environment or a file that nobody else
// can read.
func (s *settings) key(c *console) (string, error) {
	if key, ok := c.env("BILLMARK_KEY"); ok && key != "" && s.keyFile == "" {
		return key, nil
	}
	if s.keyFile == "" {
		return "", usage("no key given", "set BILLMARK_KEY, or say --key-file FILE; nothing was sent")
	}
	return readKey(s.keyFile)
}

func readKey(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", usage("the key file cannot be read: "+err.Error(), "check --key-file; nothing was sent")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", usage(fmt.Sprintf("the key file %s can be read by others (mode %04o)", path, info.Mode().Perm()),
			fmt.Sprintf("say chmod 600 %s; nothing was sent", path))
	}
	if info.Size() > 4096 {
		return "", usage(fmt.Sprintf("the key file %s is too long to be a key", path), "check --key-file; nothing was sent")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", usage("the key file cannot be read: "+err.Error(), "check --key-file; nothing was sent")
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// machineZone is the IANA name of the machine's time zone.
func machineZone(c *console) string {
	if tz, ok := c.env("TZ"); ok && tz != "" {
		return strings.TrimPrefix(tz, ":")
	}
	if target, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(filepath.ToSlash(target), "zoneinfo/"); ok {
			return name
		}
	}
	return "UTC"
}

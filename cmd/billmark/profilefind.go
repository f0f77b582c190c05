package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

//go:embed profiles/*.toml
var builtIn embed.FS

const profileEnding = ".toml"

// maxProfile is the size of a profile in bytes that is surely none.
const maxProfile = 1 << 20

// profileFolder is where saved profiles lie; "" if there is no home folder.
func profileFolder(c *console) string {
	variable, under := "HOME", filepath.Join(".config", "billmark", "profiles")
	switch runtime.GOOS {
	case "windows":
		variable, under = "AppData", filepath.Join("billmark", "profiles")
	case "darwin":
		under = filepath.Join("Library", "Application Support", "billmark", "profiles")
	}
	if config, ok := c.env("XDG_CONFIG_HOME"); ok && filepath.IsAbs(config) && runtime.GOOS != "windows" {
		return filepath.Join(config, "billmark", "profiles")
	}
	home, ok := c.env(variable)
	if !ok || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, under)
}

// findProfile reads a profile by the path of its file or by its name; a saved
// one stands before one that is built in.
func findProfile(c *console, nameOrFile string) (*profile, error) {
	if strings.ContainsAny(nameOrFile, `/\`) || strings.EqualFold(filepath.Ext(nameOrFile), profileEnding) {
		return readProfile(nameOrFile, nameOrFile)
	}
	name := strings.ToLower(nameOrFile)
	if folder := profileFolder(c); folder != "" {
		file := filepath.Join(folder, name+profileEnding)
		if _, err := os.Stat(file); err == nil {
			return readProfile(name, file)
		}
	}
	if text, err := builtIn.ReadFile(path.Join("profiles", name+profileEnding)); err == nil {
		p := &profile{name: name, text: text}
		return p, parseProfile(p)
	}
	if info, err := os.Stat(nameOrFile); err == nil && info.Mode().IsRegular() {
		return readProfile(nameOrFile, nameOrFile)
	}
	return nil, noProfile(c, nameOrFile)
}

// noProfile is told of a name that no profile has.
func noProfile(c *console, name string) error {
	hint := "billmark profiles lists those that there are"
	if meant := nearest(name, profileNames(c)); meant != "" {
		hint = fmt.Sprintf("did you mean %s? %s", meant, hint)
	}
	return usage(fmt.Sprintf("there is no profile %q", shorten(name)), hint+"; nothing was sent")
}

func readProfile(name, file string) (*profile, error) {
	p := &profile{name: strings.TrimSuffix(filepath.Base(name), profileEnding), path: file}
	f, err := os.Open(file)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, p.wrong(fmt.Sprintf("it cannot be read: %v", err), "check the name, or say one of those that billmark profiles lists")
	}
	defer f.Close()
	if p.text, err = io.ReadAll(io.LimitReader(f, maxProfile+1)); err != nil {
		return nil, p.wrong(fmt.Sprintf("it cannot be read: %v", err), "check who may read it")
	}
	if len(p.text) > maxProfile {
		return nil, p.wrong("it is too long to be a profile", "is it the right file?")
	}
	return p, parseProfile(p)
}

// profileNames are the names of all profiles, without order or repetition.
func profileNames(c *console) []string {
	names := namesIn(builtIn, "profiles")
	if folder := profileFolder(c); folder != "" {
		names = append(names, namesIn(os.DirFS(folder), ".")...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// namesIn are the names of the profiles in a folder; a folder that is not
// there holds none.
func namesIn(folder fs.FS, name string) []string {
	entries, _ := fs.ReadDir(folder, name)
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), profileEnding); ok && !e.IsDir() && name == strings.ToLower(name) {
			names = append(names, name)
		}
	}
	return names
}

// source says where a profile comes from.
func (p *profile) source() string {
	if p.path == "" {
		return "built in"
	}
	return "file"
}

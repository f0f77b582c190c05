package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

func profilesCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "profiles",
		Aliases: []string{"profile"},
		Short:   "saved settings, some for the files of carriers and payment services",
		Long: `profiles lists saved settings, to be used as --profile NAME: some that are built
in for the exports of carriers and payment services, and your own.

A profile is a TOML file. Its keys are the names of flags, and lists of values
for those that can be repeated; besides there are description, skip (lines above
the header), before (how the header line begins) and footer (how the first line
behind the rows begins). A flag or a variable beats the profile.`,
		Example: `  billmark check --profile shipstation shipments.csv
  billmark profiles show shipstation
  billmark profiles new --save parcels parcels.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage(fmt.Sprintf("profiles takes no %q", args[0]),
				"say billmark profiles, or billmark profiles show, new or save"+didYouMean(args[0], []string{"show", "new", "save"}))
		},
		RunE: func(*cobra.Command, []string) error { return listProfiles(c, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer with one JSON object")
	cmd.AddCommand(showProfileCommand(c), newProfileCommand(c), saveProfileCommand(c))
	return cmd
}

// profileJSON is a profile in the list.
type profileJSON struct {
	Name        string  `json:"name"`
	Source      string  `json:"source"`
	Path        *string `json:"path"`
	Description string  `json:"description"`
	Broken      *string `json:"broken"` // why it cannot be used
}

func listProfiles(c *console, asJSON bool) error {
	list := []profileJSON{}
	for _, name := range profileNames(c) {
		p, err := findProfile(c, name)
		if p == nil {
			p = &profile{name: name, path: filepath.Join(profileFolder(c), name+profileEnding)}
		}
		j := profileJSON{Name: name, Source: p.source(), Path: orNull(p.path), Description: p.description}
		if err != nil {
			j.Broken = orNull(err.Error())
		}
		list = append(list, j)
	}
	if asJSON {
		e := json.NewEncoder(c.out)
		e.SetEscapeHTML(false)
		return e.Encode(map[string]any{"profiles": list})
	}
	return printProfiles(c, list)
}

func printProfiles(c *console, list []profileJSON) error {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "%s (%s)\n", p.Name, p.Source)
		text := p.Description
		if p.Broken != nil {
			text = *p.Broken
		}
		const indent = "    "
		if text != "" {
			fmt.Fprintf(&b, "%s%s\n", indent, strings.ReplaceAll(wrapped(text, pageWidth-len(indent)), "\n", "\n"+indent))
		}
	}
	if folder := profileFolder(c); folder != "" {
		fmt.Fprintf(&b, "\nYour own lie in %s\n", folder)
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}

func showProfileCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "print a profile",
		Long:    "show prints a profile as it is written, to be read or changed.",
		Example: "  billmark profiles show paypal > mine.toml",
		Args:    oneProfile,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := findProfile(c, args[0])
			if p == nil {
				return err
			}
			if _, failed := c.out.Write(p.text); failed != nil {
				return failed
			}
			return err // one that is wrong is shown, for it is to be mended
		},
	}
}

func oneProfile(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usage("one profile must be named", fmt.Sprintf("say %s", cmd.UseLine()))
}

func saveProfileCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "save NAME FILE",
		Short:   "keep a TOML file as a profile",
		Long:    "save checks a TOML file and keeps a copy as a profile of this name, in your folder of profiles.",
		Example: "  billmark profiles save parcels mine.toml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return usage("a name and a file are needed", fmt.Sprintf("say %s", cmd.UseLine()))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := readProfile(args[1], args[1])
			if err != nil {
				return err
			}
			return saveProfile(c, args[0], p.text)
		},
	}
}

var profileName = regexp.MustCompile(`^[\p{Ll}\p{Lo}\d][\p{Ll}\p{Lo}\d._-]*$`)

// saveProfile keeps a profile under a name that is not taken. Only its owner
// can read it, since it may hold an account.
func saveProfile(c *console, name string, text []byte) error {
	name = strings.TrimSuffix(strings.ToLower(name), profileEnding)
	if !profileName.MatchString(name) || len(name) > 64 {
		return usage(fmt.Sprintf("%q is no name for a profile", shorten(name)), "use letters, digits, dashes and points, and begin with a letter or digit")
	}
	folder := profileFolder(c)
	if folder == "" {
		return usage("there is no home folder for the profile", "keep it in a file, and say --profile FILE")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(folder, name+profileEnding)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
			return saved(c, name, path)
		}
		return usage(fmt.Sprintf("there is a profile %s already", name), fmt.Sprintf("take another name, or remove %s", path))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return saved(c, name, path)
}

func saved(c *console, name, path string) error {
	_, err := fmt.Fprintf(c.err, "Saved as %s; use it as --profile %s\n", path, name)
	return err
}

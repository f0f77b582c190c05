package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"billmark/batch/manifest"
)

// manifestOptions is how the user wants the manifest read.
func (s *settings) manifestOptions(name string, zone *time.Location) manifest.Options {
	return manifest.Options{
		Name: name, Columns: s.columns.byName(), Set: s.set.byName(), Words: s.word.byValue(), Where: s.where.conditions(),
		Delimiter: s.delimiter, Encoding: s.encoding, Multiline: s.multiline, DateFormat: s.dateFormat, Location: zone,
		Now: time.Now(), Skip: int(s.skip), Before: s.before, Footer: s.footer,
	}
}

// byName is NAME=VALUE as a map; a later pair wins.
func (p pairs) byName() map[string]string {
	m := make(map[string]string, len(p))
	for _, x := range p {
		m[x.name] = x.value
	}
	return m
}

// byValue is STATUS=WORD as a map from the word to the status.
func (p pairs) byValue() map[string]string {
	m := make(map[string]string, len(p))
	for _, x := range p {
		m[x.value] = x.name
	}
	return m
}

// contradiction refuses settings that say two things of the same.
func (s *settings) contradiction() error {
	for _, list := range []struct {
		flag  string
		pairs pairs
		same  func(a, b pair) bool // speak of the same
		word  func(a pair) string  // what is said of it
	}{
		{"--column", s.columns, func(a, b pair) bool { return a.name == b.name }, func(a pair) string { return a.value }},
		{"--set", s.set, func(a, b pair) bool { return a.name == b.name }, func(a pair) string { return a.value }},
		{"--word", s.word, func(a, b pair) bool { return strings.EqualFold(strings.TrimSpace(a.value), strings.TrimSpace(b.value)) }, func(a pair) string { return a.name }},
	} {
		for i, a := range list.pairs {
			for _, b := range list.pairs[:i] {
				if list.same(a, b) && list.word(a) != list.word(b) {
					return usage(fmt.Sprintf("%s says both %s=%s and %s=%s", list.flag, b.name, b.value, a.name, a.value), "say only one of them; nothing was sent")
				}
			}
		}
	}
	return nil
}

func (p pairs) conditions() []manifest.Condition {
	var list []manifest.Condition
	for _, x := range p {
		list = append(list, manifest.Condition{Header: x.name, Value: x.value})
	}
	return list
}

// titleFlags are for files with lines that are no rows. They are meant for
// profiles, so help does not show them.
func (s *settings) titleFlags(f *pflag.FlagSet) {
	f.Var(&s.skip, "skip", "the `N` lines above the header are titles")
	f.StringVar(&s.before, "before", "", "the header line begins with this `TEXT`; what is above it are titles")
	f.StringVar(&s.footer, "footer", "", "a row that begins with this `TEXT` and all after it are totals")
	for _, name := range []string{"skip", "before", "footer"} {
		f.Lookup(name).Hidden = true
	}
}

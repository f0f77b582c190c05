package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// profileText is the form in which a profile is written.
type profileText struct {
	Description string   `toml:"description"`
	Skip        int      `toml:"skip,omitempty"`
	Before      string   `toml:"before,omitempty"`
	Footer      string   `toml:"footer,omitempty"`
	Delimiter   string   `toml:"delimiter,omitempty"`
	Encoding    string   `toml:"encoding,omitempty"`
	Multiline   bool     `toml:"multiline,omitempty"`
	DateFormat  string   `toml:"date-format,omitempty"`
	Set         []string `toml:"set,omitempty"`
	Column      []string `toml:"column,omitempty"`
	Word        []string `toml:"word,omitempty"`
	Where       []string `toml:"where,omitempty"`
}

// text asks for the description and writes the profile.
func (p *proposal) text() ([]byte, error) {
	description, err := p.ask("What is it for?", "Files like "+p.copy.base, "")
	if err != nil {
		return nil, err
	}
	t := profileText{
		Description: description, Skip: int(p.s.skip), Before: p.s.before, Footer: p.s.footer, Multiline: p.s.multiline,
		Delimiter: unlessAuto(p.s.delimiter), Encoding: unlessAuto(p.s.encoding), DateFormat: unlessAuto(p.s.dateFormat),
		Set: p.s.set.texts(), Column: p.s.columns.texts(), Word: p.s.word.texts(), Where: p.s.where.texts(),
	}
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(t); err != nil {
		return nil, fmt.Errorf("writing the profile: %w", err)
	}
	return b.Bytes(), parseProfile(&profile{name: "that was found", text: b.Bytes()})
}

func unlessAuto(word string) string {
	if strings.EqualFold(word, "auto") {
		return ""
	}
	return word
}

func (p pairs) texts() []string {
	var list []string
	for _, x := range p {
		list = append(list, x.name+"="+x.value)
	}
	return list
}

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The words that some flags take. Other rooms decide what they mean.
var (
	fieldNames   = []string{"bill_id", "status", "date", "rpo"}
	statusNames  = []string{"sent", "paid", "return", "cancel"}
	delimiters   = []string{"auto", "comma", "semicolon", "tab", "pipe"}
	dateFormats  = []string{"auto", "unix", "iso", "dmy", "mdy"}
	encodings    = []string{"auto", "utf-8", "windows-1251", "windows-1252", "koi8-r", "cp866", "utf-16le", "utf-16be", "iso-8859-1", "iso-8859-5"}
	againWords   = []string{"rejected", "late", "stale", "superseded"}
	languages    = []string{"en", "ru"}
	somePaces    = []string{"1/s", "2/s", "5/s", "30/m", "100/h"}
	someShares   = []string{"0", "1%", "5%", "10%"}
	someZones    = []string{"UTC", "Europe/Moscow", "Europe/Kaliningrad", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Almaty", "Europe/Minsk"}
	reportEndsIn = []string{"csv", "xlsx", "html", "jsonl"}
)

// oneOf is a flag that takes one of some words, or what else is allowed. With
// many it takes several, with commas.
type oneOf struct {
	target *string
	of     []string
	other  func(string) bool // nil for nothing else
	many   bool
}

func (o *oneOf) String() string {
	if o.target == nil {
		return ""
	}
	return *o.target
}

func (o *oneOf) Type() string { return "word" }

// Set takes the value, or says which was probably meant.
func (o *oneOf) Set(s string) error {
	words := []string{s}
	if o.many {
		words = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	for _, word := range words {
		known := slices.ContainsFunc(o.of, func(w string) bool { return strings.EqualFold(w, word) })
		if !known && (o.other == nil || !o.other(word)) {
			text := fmt.Sprintf("must be one of %s%s", strings.Join(o.of, ", "), didYouMean(word, o.of))
			if word != s {
				text = fmt.Sprintf("%q %s", word, text)
			}
			return errors.New(text)
		}
	}
	*o.target = s
	return nil
}

// pin is the SHA-256 of a server's public key (its SubjectPublicKeyInfo),
// written as curl's --pinnedpubkey writes it.
type pin []byte

const pinPrefix = "sha256//"

func (p *pin) String() string {
	if len(*p) == 0 {
		return ""
	}
	return pinPrefix + base64.StdEncoding.EncodeToString(*p)
}

func (p *pin) Type() string { return "pin" }

// Set takes the value.
func (p *pin) Set(s string) error {
	text, ok := strings.CutPrefix(s, pinPrefix)
	sum, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(sum) != sha256.Size {
		return errors.New("must be " + pinPrefix + " and the 44 characters that are the SHA-256 of the server's public key in base64")
	}
	*p = sum
	return nil
}

// oneCharacter is any delimiter that has no name.
func oneCharacter(s string) bool { return utf8.RuneCountInString(s) == 1 || s == `\t` }

// aLayout is whatever looks like a way of writing the moment of Go's layouts.
func aLayout(s string) bool { return strings.ContainsAny(s, "0123456789") }

// named is a flag NAME=VALUE that takes some names only.
type named struct {
	pairs *pairs
	names []string
	what  string // the names are of
}

func (n *named) String() string { return "" }
func (n *named) Type() string   { return "pair" }

// Set takes the pair, or says which name was probably meant.
func (n *named) Set(s string) error {
	name, _, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return n.pairs.Set(s)
	}
	if !slices.Contains(n.names, name) {
		return &noSuchName{name, n.what, n.names}
	}
	return n.pairs.Set(s)
}

// noSuchName is a wrong NAME of a NAME=VALUE.
type noSuchName struct {
	name, what string
	of         []string
}

func (e *noSuchName) Error() string {
	return fmt.Sprintf("there is no %s of this name%s (%s)", e.what, didYouMean(e.name, e.of), strings.Join(e.of, ", "))
}

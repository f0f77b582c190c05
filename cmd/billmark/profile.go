package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// profile is a saved set of settings: TOML whose keys are the names of flags.
// Settings that can be given several times are lists.
type profile struct {
	name, description string
	path              string // "" if it is built in
	text              []byte
	values            map[string][]string // by the flag's name
}

// notInProfiles are flags that are no settings to be kept, and why.
var notInProfiles = map[string]string{
	"key":     "a key has no place in a profile: set BILLMARK_KEY, or give key-file",
	"profile": "a profile cannot call another",
	"notify":  "a profile may come from others, so it starts no programs: say --notify",
	"webhook": "a profile may come from others, so it sends nothing elsewhere: say --webhook",
}

// settable are the flags that a profile can set, over settings of their own.
func settable() *pflag.FlagSet {
	s := defaults()
	f := pflag.NewFlagSet("profile", pflag.ContinueOnError)
	for _, add := range []func(*pflag.FlagSet){s.accountFlags, s.wireFlags, s.manifestFlags, s.outputFlags, s.commonFlags, s.tellFlags} {
		add(f)
	}
	return f
}

// parseProfile reads a profile and tries every value; the error is in words of
// ours.
func parseProfile(p *profile) error {
	raw := map[string]any{}
	if err := toml.Unmarshal(p.text, &raw); err != nil {
		return p.wrong(tomlMistake(err), "mend it, or write it anew: billmark profiles new FILE")
	}
	p.values = map[string][]string{}
	flags := settable()
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if key == "description" {
			text, ok := raw[key].(string)
			if !ok {
				return p.wrong("description must be a text", "put it in quotes")
			}
			p.description = strings.Join(strings.Fields(text), " ")
			continue
		}
		if err := p.take(flags, key, raw[key]); err != nil {
			return err
		}
	}
	return nil
}

// wrong is a mistake in a profile.
func (p *profile) wrong(message, hint string) *told {
	return usage(fmt.Sprintf("the profile %s: %s", firstOf(p.path, p.name), message), hint+"; nothing was sent")
}

func tomlMistake(err error) string {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Sprintf("line %d: %s", parse.Position.Line, parse.Message)
	}
	return err.Error()
}

// take reads one setting.
func (p *profile) take(flags *pflag.FlagSet, key string, value any) error {
	if why, ok := notInProfiles[key]; ok {
		return p.wrong(fmt.Sprintf("it cannot hold %s", key), why)
	}
	flag := flags.Lookup(key)
	if flag == nil {
		return p.unknown(flags, key)
	}
	texts, ok := scalars(value)
	if !ok {
		return p.wrong(fmt.Sprintf("%s must be a text, a number, true or false, or a list of them", key), "put texts in quotes")
	}
	if _, list := value.([]any); list && !repeatable(flag) {
		return p.wrong(fmt.Sprintf("%s takes one value, not a list", key), "take the brackets out")
	}
	for _, text := range texts {
		if err := flag.Value.Set(text); err != nil {
			return p.wrong(fmt.Sprintf("%s = %q: %v", key, text, err), fmt.Sprintf("billmark run --help --verbose shows what --%s can be", key))
		}
	}
	p.values[key] = texts
	return nil
}

// unknown refuses a key that is no setting.
func (p *profile) unknown(flags *pflag.FlagSet, key string) error {
	names := []string{"description"}
	flags.VisitAll(func(f *pflag.Flag) {
		if notInProfiles[f.Name] == "" {
			names = append(names, f.Name)
		}
	})
	hint := "the keys are the names of flags, as billmark run --help --verbose lists them"
	if meant := nearest(strings.ReplaceAll(key, "_", "-"), names); meant != "" {
		hint = fmt.Sprintf("did you mean %s? %s", meant, hint)
	}
	return p.wrong(fmt.Sprintf("there is no setting %q", shorten(key)), hint)
}

// scalars gives a value, or those of a list, as they would stand behind a flag.
func scalars(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, true
	case int64:
		return []string{strconv.FormatInt(v, 10)}, true
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, true
	case bool:
		return []string{strconv.FormatBool(v)}, true
	case []any:
		list := []string{}
		for _, each := range v {
			texts, ok := scalars(each)
			if _, nested := each.([]any); !ok || nested {
				return nil, false
			}
			list = append(list, texts...)
		}
		return list, true
	}
	return nil, false
}

// repeatable reports whether a flag can be given several times.
func repeatable(f *pflag.Flag) bool {
	_, list := f.Value.(pflag.SliceValue)
	return list || pairsOf(f) != nil
}

// pairsOf gives the pairs that a flag NAME=VALUE collects; nil for others.
func pairsOf(f *pflag.Flag) *pairs {
	switch v := f.Value.(type) {
	case *named:
		return v.pairs
	case *pairs:
		return v
	}
	return nil
}

// useProfile lets a profile fill in what neither flag nor environment gave.
func useProfile(c *console, cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup("profile")
	if flag == nil || flag.Value.String() == "" {
		return nil
	}
	p, err := findProfile(c, flag.Value.String())
	if err != nil {
		return err
	}
	return p.use(c, cmd)
}

// use fills in what nothing has given yet.
func (p *profile) use(c *console, cmd *cobra.Command) (err error) {
	given := givenPairs(cmd.Flags())
	for _, key := range slices.Sorted(maps.Keys(p.values)) {
		f := cmd.Flags().Lookup(key)
		if f == nil { // the command has no use for it
			continue
		}
		if v, _ := c.env("BILLMARK_KEY"); key == "key-file" && v != "" {
			continue // the environment beats a profile
		}
		if list := pairsOf(f); list != nil {
			err = p.fill(f, list, given)
		} else if !f.Changed {
			err = p.set(cmd.Flags(), key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *profile) set(flags *pflag.FlagSet, key string) error {
	for _, text := range p.values[key] {
		if err := flags.Set(key, text); err != nil {
			return p.wrong(fmt.Sprintf("%s: %v", key, err), "mend it")
		}
	}
	return nil
}

// givenPairs are the pairs of the command line, by the flag's name.
func givenPairs(flags *pflag.FlagSet) map[string]pairs {
	given := map[string]pairs{}
	flags.VisitAll(func(f *pflag.Flag) {
		if list := pairsOf(f); list != nil {
			given[f.Name] = slices.Clone(*list)
		}
	})
	return given
}

// fill adds the profile's pairs to those of the command line, but for what the
// command line says otherwise: each name is a setting of its own.
func (p *profile) fill(f *pflag.Flag, list *pairs, given map[string]pairs) error {
	own := *list
	*list = nil
	for _, text := range p.values[f.Name] {
		if err := f.Value.Set(text); err != nil {
			return p.wrong(fmt.Sprintf("%s = %q: %v", f.Name, text, err), "mend it")
		}
	}
	*list = append(slices.DeleteFunc(*list, func(x pair) bool { return overruled(f.Name, x, given) }), own...)
	return nil
}

// overruled reports whether the command line says otherwise than a pair of the
// profile. A column and a value for every row are two answers to one question.
func overruled(flag string, x pair, given map[string]pairs) bool {
	has := func(flag string, same func(pair) bool) bool { return slices.ContainsFunc(given[flag], same) }
	name := func(y pair) bool { return strings.EqualFold(strings.TrimSpace(x.name), strings.TrimSpace(y.name)) }
	switch flag {
	case "column", "set":
		return has("column", name) || has("set", name)
	case "word":
		return has("word", func(y pair) bool { return strings.EqualFold(strings.TrimSpace(x.value), strings.TrimSpace(y.value)) })
	}
	return has(flag, name)
}

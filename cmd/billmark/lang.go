package main

import (
	"fmt"
	"strings"
	"time"

	"billmark/batch"
)

// language is the one in which a person is spoken to: "en" or "ru". Errors,
// hints and help are in English; what other programs read never changes.
type language string

// language is what --lang says, else what the locale says.
func (d *desk) language() language {
	if d.s.lang != "" {
		return language(strings.ToLower(d.s.lang))
	}
	return localeLanguage(d.c)
}

// localeLanguage is the language of the first locale variable that is set.
func localeLanguage(c *console) language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v, ok := c.env(name); ok && v != "" {
			if strings.HasPrefix(strings.ToLower(v), "ru") {
				return "ru"
			}
			return "en"
		}
	}
	return "en"
}

// say gives a text of ours in the language; what has no translation stays.
func (l language) say(english string) string {
	if l == "ru" {
		if text, ok := inRussian[english]; ok {
			return text
		}
	}
	return english
}

// sayf is say with things to be put in.
func (l language) sayf(english string, args ...any) string {
	return fmt.Sprintf(l.say(english), args...)
}

// many counts things: 1 row, 2 rows; 1 строка, 2 строки, 5 строк.
func (l language) many(n int, thing string) string {
	forms, ok := russianForms[thing]
	if l != "ru" || !ok {
		return many(n, thing)
	}
	tens, ones := n/10%10, n%10
	switch {
	case tens != 1 && ones == 1:
		return fmt.Sprintf("%d %s", n, forms[0])
	case tens != 1 && ones >= 2 && ones <= 4:
		return fmt.Sprintf("%d %s", n, forms[1])
	}
	return fmt.Sprintf("%d %s", n, forms[2])
}

// duration is a time as people say it.
func (l language) duration(d time.Duration) string {
	switch {
	case l != "ru":
		return duration(d)
	case d < time.Second/2:
		return "меньше секунды"
	case d < time.Minute:
		return fmt.Sprintf("%d с", int(d.Round(time.Second)/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d мин", int(d.Round(time.Minute)/time.Minute))
	}
	return strings.Replace(fmt.Sprintf("%.1f ч", d.Hours()), ".", ",", 1)
}

// class is the word for an outcome as progress and summary show it: the
// English one with what it is called in the report, which never changes.
func (l language) class(c batch.Class) string { return l.say(c.String()) }

var russianForms = map[string][3]string{
	"row":     {"строка", "строки", "строк"},
	"update":  {"изменение", "изменения", "изменений"},
	"warning": {"предупреждение", "предупреждения", "предупреждений"},
	"request": {"запрос", "запроса", "запросов"},
}

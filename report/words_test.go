package report

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"billmark/batch"
)

var languages = []string{"en", "ru"}

// Every reason has words in every language, whatever class it comes with.
func TestEveryReasonHasWords(t *testing.T) {
	own := map[batch.Reason]bool{batch.ReasonNone: true, batch.ReasonReplied: true, batch.ReasonAccount: true, batch.ReasonSame: true}
	for _, lang := range languages {
		p := phrasesIn(lang)
		for r := range batch.Reason(len(batch.Plan{}.Reasons)) {
			if _, ok := p.reasons[r]; ok == own[r] {
				t.Errorf("%s: reason %d has words of its own: %v", lang, r, ok)
			}
			for _, c := range batch.Classes {
				for _, text := range []string{"", "a detail"} {
					h := Head{Lang: lang}
					m := h.Message(Line{Row: made(1), Outcome: batch.Outcome{Class: c, Reason: r, Line: 7, Code: "200", Text: text}})
					if m == "" || strings.Contains(m, "%!") || strings.TrimSpace(m) != m {
						t.Errorf("%s, %s, reason %d: %q", lang, c, r, m)
					}
				}
			}
		}
	}
}

func TestLanguagesDiffer(t *testing.T) {
	for r, text := range english.reasons {
		if other := russian.reasons[r]; other == text || !strings.ContainsFunc(other, cyrillic) {
			t.Errorf("reason %d in Russian: %q", r, other)
		}
		if strings.ContainsFunc(text, cyrillic) {
			t.Errorf("reason %d in English: %q", r, text)
		}
	}
}

func cyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

// No word of a language is missing.
func TestEveryClassAndPhraseHasWords(t *testing.T) {
	for _, lang := range languages {
		for _, words := range []any{*phrasesIn(lang), *pageWordsIn(lang), *summaryWordsIn(lang)} {
			v := reflect.ValueOf(words)
			for i := range v.NumField() {
				name := fmt.Sprintf("%s: %s.%s", lang, v.Type().Name(), v.Type().Field(i).Name)
				if f := v.Field(i); f.Kind() == reflect.String && f.Len() == 0 {
					t.Errorf("%s is empty", name)
				} else if f.Kind() == reflect.Map && f.Type().Key() == reflect.TypeFor[batch.Class]() && f.Len() != len(batch.Classes) {
					t.Errorf("%s has %d classes", name, f.Len())
				}
			}
		}
	}
}

func TestMessage(t *testing.T) {
	fault := batch.Fault{Column: "Order №", Value: "007", Message: "begins with a zero"}
	for name, test := range map[string]struct {
		row  *batch.Row
		out  batch.Outcome
		want string
	}{
		"done":          {out: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Code: "0"}, want: "done"},
		"the API's no":  {out: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200"}, want: "there is no such order"},
		"and its words": {out: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "200", Text: " gone "}, want: "there is no such order (the API says: gone)"},
		"unknown code":  {out: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: "999"}, want: "the API said no"},
		"account":       {out: batch.Outcome{Reason: batch.ReasonAccount, Code: "4"}, want: "the API does not accept this login or key (code 4); this update was not carried out"},
		"held":          {out: batch.Outcome{Reason: batch.ReasonHeld, Line: 12}, want: "waits behind line 12, which is the same order"},
		"late":          {out: batch.Outcome{Reason: batch.ReasonLate, Line: 9}, want: "too late: line 9, a later change of this order, is confirmed; --again late sends it"},
		"detail":        {out: batch.Outcome{Class: batch.Unknown, Reason: batch.ReasonBroken, Text: "EOF"}, want: "sent, and the connection broke before a whole reply (EOF); look at the order, then settle it"},
		"settled":       {out: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonSettled, Text: "read back"}, want: "settled (read back)"},
		"same":          {out: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Same: 2}, want: "the same update as line 2: done"},
		"later":         {out: batch.Outcome{Class: batch.Confirmed, Reason: batch.ReasonReplied, Later: batch.Cancel}, want: "done; changed to cancel since"},
		"percent":       {out: batch.Outcome{Class: batch.Unverified, Reason: batch.ReasonShape, Text: "100 %d"}, want: "the reply is not what the API is documented to answer (100 %d); look at the order, then settle it"},
		"no fault":      {out: batch.Outcome{Class: batch.Invalid}, want: "not a valid update; nothing was sent"},
		"fault":         {row: faulty(made(1), fault), out: batch.Outcome{Class: batch.Invalid}, want: `Order № "007": begins with a zero`},
		"faults":        {row: faulty(made(1), fault, batch.Fault{Message: "too short"}), out: batch.Outcome{Class: batch.Invalid}, want: `Order № "007": begins with a zero; too short`},
		"long value": {
			row: faulty(made(1), batch.Fault{Column: "a", Value: strings.Repeat("я", 61), Message: "no"}),
			out: batch.Outcome{Class: batch.Invalid}, want: `a "` + strings.Repeat("я", 60) + `...": no`,
		},
	} {
		row := test.row
		if row == nil {
			row = made(1)
		}
		h := Head{CodeWords: codeWords}
		if got := h.Message(Line{Row: row, Outcome: test.out}); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain, кириллица 😀": "plain, кириллица 😀",
		"a\nb\r\tc\x00":      "a b  c ",
		"\x1b[31mred":        " [31mred",
		"\u202egnp.exe":      " gnp.exe",
		"a\u2028b\u2029c":    "a b c",
		"bad \xff byte":      "bad \ufffd byte",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q", in, got)
		}
	}
}

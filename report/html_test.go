package report

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"billmark/batch"
)

// The page can do nothing but show itself: its policy allows only its own
// style and script, nothing is fetched, and no cell becomes code.
func TestHTMLSelfContained(t *testing.T) {
	h, lines := mixed()
	for _, evil := range []string{`"><img src=x onerror=alert(1)>`, `</title></style></svg><script>alert(1)</script>`, `{{.}}`, "\u202e", `<!--`} {
		lines = append(lines, Line{Row: made(99, evil, evil, evil, evil, evil), Sent: evil, Outcome: batch.Outcome{Class: batch.Rejected, Reason: batch.ReasonReplied, Code: evil, Text: evil}})
		h.Header[0] += evil
		h.File, h.Digest, h.Account, h.API, h.Version = evil, evil, evil, evil, evil
		h.Runs[0].Version, h.Runs[1].Summary.Stopped = evil, evil
	}
	text := string(write(t, ".html", h, lines))
	for element, want := range map[string]int{"script": 1, "style": 1, "img": 0, "link": 0, "iframe": 0, "svg": 2, "title": 1 + 4} {
		if got := len(regexp.MustCompile(`<`+element+`[\s>]`).FindAllString(text, -1)); got != want {
			t.Errorf("%d elements %s, want %d", got, element, want)
		}
	}
	if found := regexp.MustCompile(`<[^>]*\s(on\w+|src|href|style)\s*=`).FindString(text); found != "" {
		t.Errorf("found %q", found)
	}
	if strings.Contains(text, "\u202e") || strings.Contains(text, "<!--") || strings.Contains(text, "url(") || strings.Contains(text, "@import") {
		t.Error("what moves characters about, comments or fetches something is on the page")
	}
	for _, element := range []string{"script", "style"} {
		inside := regexp.MustCompile(`(?s)<` + element + `>(.*?)</` + element + `>`).FindStringSubmatch(text)
		if !strings.Contains(html.UnescapeString(text), element+"-src 'sha256-"+sumOf(inside[1])+"'") {
			t.Errorf("the policy does not allow the page's own %s", element)
		}
	}
	if !strings.Contains(text, "default-src 'none'") {
		t.Error("no policy")
	}
}

func TestHTMLAccessible(t *testing.T) {
	h, lines := mixed()
	for _, lang := range languages {
		h.Lang = lang
		text := string(write(t, ".html", h, lines))
		if !strings.Contains(text, `<html lang="`+lang+`">`) {
			t.Errorf("%s: the page does not say its language", lang)
		}
		if found := regexp.MustCompile(`<th(>| class| colspan)`).FindString(text); found != "" {
			t.Errorf("%s: a heading without scope: %s", lang, found)
		}
		if n := strings.Count(text, "<svg"); n != strings.Count(text, `role="img" aria-label="`) {
			t.Errorf("%s: a picture without words", lang)
		}
	}
}

// Text stands out from its ground as accessibility asks: 4.5 to 1.
func TestHTMLContrast(t *testing.T) {
	themes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(pageStyle, -1)
	if len(themes) != 2 {
		t.Fatalf("%d themes", len(themes))
	}
	for i, theme := range themes {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--(\w+): #(\w{6});`).FindAllStringSubmatch(theme[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for name, colour := range colours {
			if name == "paper" || name == "shade" || name == "line" || name == "skipped" {
				continue
			}
			for _, ground := range []string{"paper", "shade"} {
				light, dark := max(colour, colours[ground]), min(colour, colours[ground])
				if ratio := (light + 0.05) / (dark + 0.05); ratio < 4.5 {
					t.Errorf("theme %d: %s on %s is %.2f to 1", i, name, ground, ratio)
				}
			}
		}
	}
}

// luminance is how bright a colour is, by the definition of WCAG 2.
func luminance(t *testing.T, rgb string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(rgb[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Of many rows the first ones are shown, and the page says how many are not;
// the counts are those of all.
func TestHTMLLimits(t *testing.T) {
	h, line := many(60_000)
	w, err := newHTML(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.Rows {
		if err := w.Row(line(i)); err != nil {
			t.Fatal(err)
		}
	}
	r := w.(*htmlReport)
	if len(r.failures.rows) != 5_000 || len(r.others.rows) != 20_000 {
		t.Errorf("kept %d failures and %d others", len(r.failures.rows), len(r.others.rows))
	}
	p := r.page()
	if len(p.Groups) != 2 || p.Groups[0].Title != "Not confirmed: 6,000" || p.Groups[1].Title != "Confirmed and left out: 54,000" ||
		p.Groups[0].Missing != "5,000 of 6,000 are on this page; the .csv report has them all." ||
		p.Groups[1].Missing != "20,000 of 54,000 are on this page; the .csv report has them all." {
		t.Errorf("%s %s %s %s", p.Groups[0].Title, p.Groups[0].Missing, p.Groups[1].Title, p.Groups[1].Missing)
	}
	drawn := 0
	for _, bin := range r.time.list() {
		drawn += total(bin)
	}
	if p.Total != "60,000" || drawn != 60_000 {
		t.Errorf("total %s, drawn %d", p.Total, drawn)
	}
}

// However long the cells are, memory stays within bounds, and what is shown
// has no gaps.
func TestHTMLMemory(t *testing.T) {
	const room = 1 << 20
	wide := make([]string, 100)
	for i := range wide {
		wide[i] = strings.Repeat("я", 10_000)
	}
	h := headFor(nil)
	h.Header = wide
	w, err := newHTML(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	w.(*htmlReport).failures.room = room
	for i := range 100 {
		row := made(i, wide...)
		if i >= 60 {
			row = made(i, "short")
		}
		if err := w.Row(Line{Row: row}); err != nil {
			t.Fatal(err)
		}
	}
	k := w.(*htmlReport).failures
	size := 0
	for i, r := range k.rows {
		if r.Line != i+1 {
			t.Fatalf("line %d in place %d", r.Line, i)
		}
		for _, cell := range r.Cells {
			size += len(cell)
		}
	}
	if size == 0 || size > room || k.count != 100 || len(k.rows) == 100 {
		t.Errorf("%d bytes of %d rows, of %d", size, len(k.rows), k.count)
	}
}

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		strings.Repeat("x", 300): strings.Repeat("x", 300),
		strings.Repeat("x", 301): strings.Repeat("x", 300) + "…",
		strings.Repeat("я", 300): strings.Repeat("я", 300),
		strings.Repeat("😀", 301): strings.Repeat("😀", 300) + "…",
		"a\tb":                   "a b",
	} {
		if got := shown(in); got != want {
			t.Errorf("%d bytes became %d, want %d", len(in), len(got), len(want))
		}
	}
}

func TestSentence(t *testing.T) {
	of := func(list ...int) (c classCounts) { // in the order of batch.Classes
		for i, n := range list {
			c[batch.Classes[i]] = n
		}
		return c
	}
	for _, test := range []struct {
		counts classCounts
		en, ru string
	}{
		{of(), "The manifest has no rows.", "В файле нет строк."},
		{of(1), "The only row is confirmed.", "Единственная строка подтверждена."},
		{of(12345), "All 12,345 rows are confirmed.", "Подтверждены все строки: 12\u00a0345."},
		{of(9, 1), "Confirmed: 9 of 10 rows; not confirmed: 1.", "Подтверждено строк: 9 из 10; не подтверждено: 1."},
		{of(5, 0, 0, 0, 0, 0, 5), "Confirmed: 5 of 10 rows; left out: 5.", "Подтверждено строк: 5 из 10; пропущено: 5."},
		{
			of(2, 1, 1, 1, 1, 2, 1), "Confirmed: 2 of 9 rows; not confirmed: 6 (of these, 3 may or may not have changed an order); left out: 1.",
			"Подтверждено строк: 2 из 9; не подтверждено: 6 (из них заказ мог измениться, а мог и нет: 3); пропущено: 1.",
		},
	} {
		for lang, want := range map[string]string{"en": test.en, "ru": test.ru} {
			if got := pageWordsIn(lang).sentence(total(test.counts), test.counts); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := englishPage.number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for step, want := range []string{"1 s", "5 s", "15 s", "1 min", "5 min", "15 min", "1 h", "3 h", "12 h", "1 d", "4 d"} {
		l := timeline{step: step}
		if got := englishPage.span(l.width()); got != want {
			t.Errorf("%v: %s", l.width(), fmt.Sprint(got))
		}
	}
}

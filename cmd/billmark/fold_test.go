package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFoldLine(t *testing.T) {
	tests := []struct {
		line  string
		width int
		want  string
	}{
		{"short\n", 40, "short\n"},
		{"Columns     bill_id = Order - Number, status = status\n", 40, "Columns     bill_id = Order - Number, \n            status = status\n"},
		{"         3  invalid: not sent, to be mended by you\n", 30, "         3  invalid: not sent, \n            to be mended by \n            you\n"},
		{"  row 1 (line 2), column \"rpo\": \"1\": the last digit does not fit\n", 40, "  row 1 (line 2), column \"rpo\": \"1\": the \n    last digit does not fit\n"},
		{"averyveryverylongwordthatfitsnowhere\n", 10, "averyveryverylongwordthatfitsnowhere\n"},
	}
	for _, tt := range tests {
		if got := foldLine(tt.line, tt.width); got != tt.want {
			t.Errorf("foldLine(%q, %d) =\n%q, want\n%q", tt.line, tt.width, got, tt.want)
		}
	}
}

// TestFoldKeeps: whatever is folded, its words stay, and lines fit if their
// words do.
func TestFoldKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-zа-я ]{1,12}`), 1, 30).Draw(t, "words"), " ") + "\n"
		width := rapid.IntRange(30, 120).Draw(t, "width")
		got := foldLine(line, width)
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(line), " ") {
			t.Fatalf("%q became %q", line, got)
		}
		for l := range strings.Lines(got) {
			if text := strings.TrimRight(l, " \n"); utf8.RuneCountInString(text) > width {
				t.Fatalf("%q is wider than %d", l, width)
			}
		}
	})
}

package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"billmark/batch"
)

// xlsxStyle is the number of a style in the workbook.
type xlsxStyle int

// The styles, in the order in which stylesXML lists them; 0 is a sheet's own.
// Two follow for each of the tints. One for texts is followed by that for
// numbers of the same row.
const (
	_ xlsxStyle = iota
	styleHeader
	styleLabel
	stylePlain
	_
	styleTinted
)

func (s xlsxStyle) forNumbers() xlsxStyle { return s + 1 }

// tints are the colours of rows; black text stands out well from each.
var tints = [...]struct {
	class batch.Class
	rgb   string
}{
	{batch.Rejected, "F8CFCB"},
	{batch.Invalid, "F9DCE8"},
	{batch.Unsent, "E3E6E9"},
	{batch.Unverified, "FFE9B8"},
	{batch.Unknown, "FFDBA6"},
}

// rowStyle is the style of a row's texts.
func rowStyle(c batch.Class) xlsxStyle {
	for i, t := range tints {
		if t.class == c {
			return styleTinted + 2*xlsxStyle(i)
		}
	}
	return stylePlain
}

// stylesXML is the part with the styles.
func stylesXML() string {
	const asNumber, asText = 1, 49
	const normal, bold = 0, 1
	const none, headerFill, firstTint = 0, 2, 3
	var fills, cells strings.Builder
	fill := func(rgb string) { fmt.Fprintf(&fills, stylesFill, rgb) }
	cell := func(format, font, fill int) { fmt.Fprintf(&cells, stylesCell, format, font, fill) }
	fill("DDE3E8")
	cell(asText, bold, headerFill)
	cell(asText, bold, none)
	cell(asText, normal, none)
	cell(asNumber, normal, none)
	for i, t := range tints {
		fill(t.rgb)
		cell(asText, normal, firstTint+i)
		cell(asNumber, normal, firstTint+i)
	}
	return fmt.Sprintf(stylesPart, firstTint+len(tints), &fills, int(styleTinted)+2*len(tints), &cells)
}

// The places of the columns that hold numbers, among ours.
const lineColumn, attemptsColumn = 0, 5

// columnWidth is in characters. Rows are written as they come, so it cannot
// depend on them.
func columnWidth(name string, ours bool) int {
	widths := map[string]int{"message": 60, "sent": 50, "finished_at": 21, "outcome": 12, "result": 10, "line": 9, "code": 8, "attempts": 10}
	if known := widths[name]; ours && known > 0 {
		return known
	}
	return min(max(utf8.RuneCountInString(name)+4, 14), 32)
}

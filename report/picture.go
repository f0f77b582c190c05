package report

import (
	"strconv"

	"billmark/batch"
)

// The pictures are drawn in units of their own and stretched by the page.
const (
	pictureWidth  = 1200.0
	barHeight     = 28.0
	timeHeight    = 120.0
	leastWide     = 8.0 // what is there is seen, however small its share
	leastHigh     = 3.0
	gapOfTimeBars = 0.15
)

// box is a rectangle of a picture; Class names its colour.
type box struct{ X, Y, W, H, Class string }

// column is one bar of the picture over time.
type column struct {
	Title string
	Boxes []box
}

// drawOutcomes gives the bar of outcomes: one box for each class that occurs.
func drawOutcomes(counts classCounts) []box {
	var boxes []box
	x := 0.0
	for i, w := range shares(counts, total(counts), pictureWidth, leastWide) {
		if w > 0 {
			boxes = append(boxes, box{decimal(x), "0", decimal(w), decimal(barHeight), batch.Classes[i].String()})
		}
		x += w
	}
	return boxes
}

// drawBins gives one column for each bin, the fullest of which is as high as
// the picture.
func drawBins(bins []classCounts, title func(n int, counts classCounts) string) []column {
	fullest := 0
	for _, counts := range bins {
		fullest = max(fullest, total(counts))
	}
	each := pictureWidth / float64(max(len(bins), 1))
	var columns []column
	for n, counts := range bins {
		if total(counts) == 0 {
			continue
		}
		c := column{Title: title(n, counts)}
		y := timeHeight
		for i, h := range shares(counts, fullest, timeHeight, leastHigh) {
			if y -= h; h > 0 {
				c.Boxes = append(c.Boxes, box{
					decimal(each * float64(n)), decimal(y), decimal(each * (1 - gapOfTimeBars)), decimal(h), batch.Classes[i].String(),
				})
			}
		}
		columns = append(columns, c)
	}
	return columns
}

// shares divides a length by counts, in the order of batch.Classes: whole
// counts fill it. A small share is enlarged to the least that can be seen, at
// the cost of the others.
func shares(counts classCounts, whole int, length, least float64) [len(batch.Classes)]float64 {
	var parts [len(batch.Classes)]float64
	sum, spare := 0.0, 0.0
	for i, class := range batch.Classes {
		if counts[class] > 0 {
			parts[i] = max(least, length*float64(counts[class])/float64(whole))
			sum += parts[i]
			spare += parts[i] - least
		}
	}
	if sum > length {
		for i := range parts {
			parts[i] -= (sum - length) * max(0, parts[i]-least) / spare
		}
	}
	return parts
}

func total(counts classCounts) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// decimal writes a length for a picture: two digits are finer than any screen.
func decimal(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

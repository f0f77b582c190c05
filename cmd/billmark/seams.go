package main

import "billmark/batch"

// seams are where tests reach into a run: to cut it off at a point, or to let
// journal and wire fail. In the program itself they do nothing.
var seams = struct {
	at      func(point string)
	journal func(batch.Journal) batch.Journal
	poster  func(batch.Poster) batch.Poster
}{
	at:      func(string) {},
	journal: func(j batch.Journal) batch.Journal { return j },
	poster:  func(p batch.Poster) batch.Poster { return p },
}

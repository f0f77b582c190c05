package journal

import (
	"hash/maphash"

	"billmark/batch"
)

// heard is a sieve: it tells updates that were surely never begun from those
// that may have been, so that the first request for an update, which is nearly
// every request, needs no look into a table of millions. Two bits of a fixed
// number stand for each update; when most are set it merely saves nothing. A
// nil heard has not been filled: anything may be in the table.
type heard struct {
	seed maphash.Seed
	bits []uint64
}

const heardBits = 23 // a megabyte

func newHeard() *heard {
	return &heard{seed: maphash.MakeSeed(), bits: make([]uint64, 1<<(heardBits-6))}
}

// place gives a word and the bits in it. Both bits lie in one word, for what
// takes time here is to fetch it.
func (h *heard) place(u *batch.Update) (word *uint64, bits uint64) {
	sum := maphash.Comparable(h.seed, *u)
	return &h.bits[sum>>(64+6-heardBits)], 1<<(sum&63) | 1<<(sum>>6&63)
}

// add notes an update, and reports whether it may have been heard of before.
func (h *heard) add(u *batch.Update) bool {
	if h == nil {
		return true
	}
	word, bits := h.place(u)
	before := *word
	*word |= bits
	return before&bits == bits
}

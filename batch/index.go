package batch

// index finds the first place of an Ask. Most bills have one or two rows, for
// which a list is faster than a map; a file may have one bill a million times.
type index struct {
	list  []Ask
	at    []int
	byAsk map[Ask]int
}

const listLimit = 16

func (x *index) reset(n int) {
	x.list, x.at, x.byAsk = x.list[:0], x.at[:0], nil
	if n > listLimit {
		x.byAsk = make(map[Ask]int, n)
	}
}

// add notes that ask stands at place i, unless it is known already, and gives
// its first place.
func (x *index) add(ask Ask, i int) int {
	if at := x.find(ask); at >= 0 {
		return at
	}
	if x.byAsk != nil {
		x.byAsk[ask] = i
	} else {
		x.list, x.at = append(x.list, ask), append(x.at, i)
	}
	return i
}

func (x *index) find(ask Ask) int {
	if x.byAsk != nil {
		if at, ok := x.byAsk[ask]; ok {
			return at
		}
		return -1
	}
	for n := range x.list {
		if x.list[n] == ask {
			return x.at[n]
		}
	}
	return -1
}

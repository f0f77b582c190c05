package sandbox

// faultShare is a fault and the upper end of its part of 0 to 1.
type faultShare struct {
	*fault
	below float64
}

// shares lays the faults side by side on the way from 0 to 1. Refusals are
// drawn apart, for they come before.
func shares(of map[string]float64) []faultShare {
	var list []faultShare
	end := 0.0
	for i := range faults {
		if share := of[faults[i].name]; share > 0 && faults[i].name != refuse {
			end += share
			list = append(list, faultShare{&faults[i], end})
		}
	}
	return list
}

// pick draws the fault of the nth request.
func (s *Sandbox) pick(n uint64) *fault {
	if len(s.faults) == 0 {
		return &well
	}
	at := uniform(s.cfg.Seed, n, saltFault)
	for _, f := range s.faults {
		if at < f.below {
			return f.fault
		}
	}
	return &well
}

func (s *Sandbox) toss(n uint64) bool { return uniform(s.cfg.Seed, n, saltToss) < 0.5 }

// Each use of the seed has its own salt, so that one does not follow from
// another.
const (
	saltFault uint64 = iota + 1
	saltToss
	saltJitter
	saltRefuse
)

// uniform gives a number from 0 to below 1 that depends on nothing but its
// arguments (splitmix64), so that requests need not wait for each other to
// draw theirs.
func uniform(seed, n, salt uint64) float64 {
	return float64(mix(mix(seed^salt<<56)+n)>>11) / (1 << 53)
}

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

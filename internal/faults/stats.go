package faults

import "telltale/load"

// Stats count transactions by how they ended.
type Stats struct {
	// Committed ones were answered so, RolledBack ones on purpose.
	Committed, RolledBack int
	// Cut is how many commits lost their answer, Landed how many of them took
	// place; these are not among Committed.
	Cut, Landed int
}

func statsOf(s load.Summary) Stats {
	landed := s.Outcomes[load.Landed]
	return Stats{
		Committed: s.Outcomes[load.Committed], RolledBack: s.Outcomes[load.RolledBack],
		Cut: landed + s.Outcomes[load.Vanished], Landed: landed,
	}
}

// Plus is both together.
func (s Stats) Plus(o Stats) Stats {
	return Stats{
		Committed: s.Committed + o.Committed, RolledBack: s.RolledBack + o.RolledBack,
		Cut: s.Cut + o.Cut, Landed: s.Landed + o.Landed,
	}
}

// Minus is what came since an earlier count.
func (s Stats) Minus(o Stats) Stats {
	return Stats{
		Committed: s.Committed - o.Committed, RolledBack: s.RolledBack - o.RolledBack,
		Cut: s.Cut - o.Cut, Landed: s.Landed - o.Landed,
	}
}

// Total is how many took place.
func (s Stats) Total() int { return s.Committed + s.Landed }

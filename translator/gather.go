package translator

// maxGathered bounds the bytes of one MySQL transaction that are held for one
// partition (I11). Rules on one row lose nothing when a larger transaction is
// handed over in pieces.
const maxGathered = 8 << 20

// gatherer collects the changes of a MySQL transaction in one partition until
// it is whole.
type gatherer struct {
	held  []rawChange
	bytes int
}

// add takes the next change of the partition. When that makes the transaction
// whole, or too large to hold, it returns what was held and starts afresh.
//
// Where the reader delivers at least once, one that died leaves a part of a
// transaction behind, and its successor begins with that transaction anew or with
// one before it. What is held of it is dropped then: it comes again, whole.
func (g *gatherer) add(c rawChange, bytes int) (ready []rawChange, dropped int) {
	if g.restarts(c) {
		dropped = len(g.held)
		g.held, g.bytes = nil, 0
	}
	g.held = append(g.held, c)
	g.bytes += bytes
	if !c.last && g.bytes < maxGathered {
		return nil, dropped
	}
	ready = g.held
	g.held, g.bytes = nil, 0
	return ready, dropped
}

// restarts reports whether a change cannot follow what is held.
func (g *gatherer) restarts(c rawChange) bool {
	if len(g.held) == 0 {
		return false
	}
	first := &g.held[0]
	return c.gtid != first.gtid || c.id == first.id
}

// byKey splits changes by record key: the keys in the order of their first
// change, the changes of a key in theirs.
func byKey(changes []rawChange) [][]rawChange {
	if len(changes) == 1 {
		return [][]rawChange{changes}
	}
	var groups [][]rawChange
	at := make(map[string]int)
	for _, c := range changes {
		i, ok := at[string(c.key)]
		if !ok {
			i = len(groups)
			at[string(c.key)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

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
func (g *gatherer) add(c rawChange, bytes int) (ready []rawChange) {
	g.held = append(g.held, c)
	g.bytes += bytes
	if !c.last && g.bytes < maxGathered {
		return nil
	}
	ready = g.held
	g.held, g.bytes = nil, 0
	return ready
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

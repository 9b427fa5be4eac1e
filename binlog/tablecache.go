package binlog

// Bounds of what is remembered of tables (I11). What is forgotten is learnt again
// from the next table map.
const (
	// maxTableMaps is how many bytes of table maps have their plans kept, which
	// take some ten times that: thousands of tables of ordinary width.
	maxTableMaps = 1 << 20
	// maxCounters is how many tables' counters outlive a transaction.
	maxCounters = 10_000
)

// tableOf returns what the rest of a table map behind the table's id stands for,
// or nil where it is not remembered.
func (s *stream) tableOf(rest []byte) *table { return s.cache[string(rest)] }

// remember keeps what a table map stands for. The tables of the open statement
// stay whatever is forgotten for it.
func (s *stream) remember(rest []byte, t *table) {
	if s.cached += len(rest); s.cached > maxTableMaps {
		s.forgetTables()
		s.cached = len(rest)
	}
	s.cache[string(rest)] = t
}

func (s *stream) forgetTables() {
	clear(s.cache)
	s.cached = 0
}

// counterOf returns the counter of a table's rows. All table maps of a table
// share it throughout a transaction, since it counts for the identity of changes
// (I7).
func (s *stream) counterOf(table string) *counter {
	c := s.counters[table]
	if c == nil {
		c = &counter{}
		s.counters[table] = c
	}
	return c
}

// forgetCounters bounds the counters between transactions, when none counts. The
// tables hold theirs, and are forgotten with them.
func (s *stream) forgetCounters() {
	if len(s.counters) > maxCounters {
		clear(s.counters)
		s.forgetTables()
	}
}

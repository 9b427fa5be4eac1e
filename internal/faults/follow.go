package faults

import "fmt"

// follow checks that a transaction's records of a partition stand together, up
// to the one that says that it is the last.
func (r *reader) follow(where string, c rawChange) {
	if open := r.open[where]; open != "" && open != c.transaction {
		r.torn = append(r.torn, fmt.Errorf("the partition %s has the record %s before the last of transaction %s", where, c.id, open))
	}
	r.open[where] = c.transaction
	if c.last {
		r.open[where] = ""
	}
}

// awaitTombstone notes whether a record without a value must follow a change, and
// checks that none was due before it.
func (r *reader) awaitTombstone(where, key string, must bool) {
	if due := r.due[where]; due != "" {
		r.torn = append(r.torn, fmt.Errorf("the partition %s has no tombstone behind the delete of %s", where, due))
	}
	r.due[where] = ""
	if must {
		r.due[where] = key
	}
}

// bury checks that a tombstone stands behind a delete of its key. Where things may
// come again, a delete may come without, before both come.
func (r *reader) bury(where, key string) {
	if r.once && r.due[where] != key {
		r.torn = append(r.torn, fmt.Errorf("the partition %s has a tombstone of %s behind no delete of it", where, key))
	}
	r.due[where] = ""
}

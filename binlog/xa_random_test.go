package binlog

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"telltale/internal/mysqlserver/mysqltest"
)

// Branches are prepared, committed and rolled back in any interleaving, between
// plain transactions and restarts of the reader, and each row that was committed
// is published once (I1, I2).
func TestXAInAnyInterleaving(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testXAInAnyInterleaving)
}

func testXAInAnyInterleaving(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	r := newRandom(t)
	h.start(t)
	var want []string     // The names of committed rows.
	var undecided [][]int // By branch: its rows.
	xid := func(rows []int) string { return fmt.Sprintf("'branch %d','%d'", rows[0], len(rows)) }
	row := 0
	rows := func() (numbers []int, statements []string) {
		for range 1 + r.IntN(3) {
			numbers, statements = append(numbers, row), append(statements, insert(fmt.Sprint(row)))
			row++
		}
		return numbers, statements
	}
	commit := func(numbers []int) {
		for _, n := range numbers {
			want = append(want, fmt.Sprint(n))
		}
	}
	const steps = 60
	for step := range steps {
		numbers, statements := rows()
		last := step > steps-10 // Leave few undecided.
		switch n := r.IntN(20); {
		case n < 6 && !last:
			h.session(t, branch(xid(numbers), statements...)...)
			undecided = append(undecided, numbers)
		case (n < 12 || last) && len(undecided) > 0:
			i := r.IntN(len(undecided))
			if r.IntN(3) == 0 {
				h.decide(t, "XA ROLLBACK "+xid(undecided[i]))
			} else {
				h.decide(t, "XA COMMIT "+xid(undecided[i]))
				commit(undecided[i])
			}
			undecided = slices.Delete(undecided, i, i+1)
		case n < 14:
			all := branch(xid(numbers), statements...)
			h.session(t, append(all[:len(all)-1], "XA COMMIT "+xid(numbers)+" ONE PHASE")...)
			commit(numbers)
		case n < 16:
			h.mustStop(t)
			if r.IntN(2) == 0 { // While nobody reads.
				h.exec(t, statements...)
				commit(numbers)
			}
			h.start(t)
		default:
			h.exec(t, statements...)
			commit(numbers)
		}
	}
	p := h.published(t)
	if len(p.Undecided) != len(undecided) {
		t.Errorf("the position lists %d undecided branches, want %d", len(p.Undecided), len(undecided))
	}
	var got []string
	ids := map[string]bool{}
	for _, r := range h.records(t, "customers", len(want)) {
		var row struct{ Name string }
		if err := json.Unmarshal(r.After, &row); err != nil {
			t.Fatal(err)
		}
		got = append(got, row.Name)
		ids[r.ID] = true
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(ids) != len(got) {
		t.Errorf("got %d records with %d ids, of rows\n%v, want\n%v", len(got), len(ids), got, want)
	}
	h.mustStop(t)
}

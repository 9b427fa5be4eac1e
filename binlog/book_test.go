package binlog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// book is what a test had a server commit and a reader must have published: the
// versions of each customer, in order. Unlike a ledger it knows of versions that
// are never to be published.
type book struct {
	*harness
	random *rand.Rand
	// versions are those on the server by id, and log has what is to be in the topic.
	versions map[int]int
	log      []entry
	changes  int
	// round counts the rounds of all trials, so that each has names of its own, and
	// healed is when the reader could go on, in this one.
	round  int
	healed time.Time
}

// entry is a version of a customer.
type entry struct{ id, version int }

// newBook inserts customers.
func newBook(t *testing.T, h *harness, random *rand.Rand, rows int) *book {
	t.Helper()
	b := &book{harness: h, random: random, versions: map[int]int{}}
	for id := 1; id <= rows; id++ {
		h.exec(t, fmt.Sprintf("INSERT INTO customers (id, name, version) VALUES (%d, 'x', 1)", id))
		b.publish(id)
	}
	return b
}

// publish notes a customer's next version, which is to be published.
func (b *book) publish(id int) {
	b.versions[id]++
	b.log = append(b.log, entry{id, b.versions[id]})
	b.changes++
}

// write commits transactions of one to three customers each, behind statements of
// the same session.
func (b *book) write(t *testing.T, transactions int, before ...string) {
	t.Helper()
	for _, ids := range b.update(t, transactions, before) {
		for _, id := range ids {
			b.publish(id)
		}
	}
}

// writeUnseen is write of what is not to be published.
func (b *book) writeUnseen(t *testing.T, transactions int, before ...string) {
	t.Helper()
	for _, ids := range b.update(t, transactions, before) {
		for _, id := range ids {
			b.versions[id]++
		}
	}
}

func (b *book) update(t *testing.T, transactions int, before []string) (all [][]int) {
	t.Helper()
	statements := slices.Clone(before)
	for range transactions {
		ids := b.random.Perm(len(b.versions))[:1+b.random.IntN(3)]
		slices.Sort(ids) // As the rows are logged.
		in := make([]string, len(ids))
		for i := range ids {
			ids[i]++
			in[i] = fmt.Sprint(ids[i])
		}
		statements = append(statements, "UPDATE customers SET version = version + 1 WHERE id IN ("+strings.Join(in, ",")+")")
		all = append(all, ids)
	}
	b.session(t, statements...)
	return all
}

// look finds out what versions the server has, which may be another one now.
func (b *book) look(t *testing.T) {
	t.Helper()
	rows, err := b.db.QueryContext(t.Context(), "SELECT id, version FROM customers")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	clear(b.versions)
	for rows.Next() {
		var id, version int
		if err := rows.Scan(&id, &version); err != nil {
			t.Fatal(err)
		}
		b.versions[id] = version
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// check wants the topic to hold what is to be published, and nothing else.
func (b *book) check(t *testing.T) {
	t.Helper()
	want, got := map[int][]int{}, map[int][]int{}
	for _, e := range b.log {
		want[e.id] = append(want[e.id], e.version)
	}
	for _, r := range b.records(t, "customers", len(b.log)) {
		var e entry
		if _, err := fmt.Sscanf(string(r.Key), `{"id":%d}`, &e.id); err != nil {
			t.Fatalf("key %s: %v", r.Key, err)
		}
		after := string(r.After)
		if _, err := fmt.Sscanf(after[strings.Index(after, `"version":`):], `"version":%d`, &e.version); err != nil {
			t.Fatalf("%s: %v", after, err)
		}
		got[e.id] = append(got[e.id], e.version)
	}
	for id := range want {
		if !slices.Equal(got[id], want[id]) {
			t.Fatalf("customer %d: got versions %v, want %v", id, got[id], want[id])
		}
	}
}

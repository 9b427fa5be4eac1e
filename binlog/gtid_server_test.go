package binlog

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Transactions with tags, with numbers that were skipped, of another server's
// and committed out of the order of their numbers are published once, across
// restarts.
func TestOddGTIDs(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers)
	h.start(t)
	var uuid string
	if err := h.db.QueryRowContext(t.Context(), "SELECT @@server_uuid").Scan(&uuid); err != nil {
		t.Fatal(err)
	}
	const other = "11111111-2222-3333-4444-555555555555"
	want := []string{}
	as := func(gtid, name string) {
		h.exec(t, "SET gtid_next = '"+gtid+"'", insert(name), "SET gtid_next = 'AUTOMATIC'")
		want = append(want, name)
	}
	as("AUTOMATIC:audit", "tagged")
	as(uuid+":1000", "behind a gap")
	h.published(t)
	h.mustStop(t)
	as("AUTOMATIC:audit", "tagged again")
	as(uuid+":500", "within the gap")
	as(other+":7", "of another server")
	h.start(t)
	as("AUTOMATIC:billing", "of another tag")
	as(other+":billing:3", "of another server and tag")
	as(uuid+":501", "still within the gap")
	h.published(t)
	h.mustStop(t)
	h.start(t)
	as("AUTOMATIC", "plain")
	p := h.published(t)
	var got []string
	for _, r := range h.records(t, "customers", len(want)) {
		var row struct{ Name string }
		if err := json.Unmarshal(r.After, &row); err != nil {
			t.Fatal(err)
		}
		got = append(got, row.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, part := range []string{"audit:1-2", "billing:1", "500-501", ":1000", other + ":7:billing:3"} {
		if !strings.Contains(p.GTIDSet, part) {
			t.Errorf("got position %s, want %s in it", p.GTIDSet, part)
		}
	}
	h.mustStop(t)
}

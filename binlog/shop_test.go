package binlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"

	"telltale/load"
	"telltale/load/direct"
)

// shop is a load on the shop's tables, and the history that its record is.
type shop struct {
	*load.Load
	record bytes.Buffer // The load writes it while it runs.
	reader *load.RecordReader
	// rows has what was committed by table and key, in order, and final what the
	// tables hold by that.
	rows  map[string]map[load.Row][]written
	final *load.Final
	shopTally
}

// shopTally counts the changes that were committed, the commits whose answer was
// lost, and those of them that took place.
type shopTally struct{ changes, lost, landed int }

// written is a change and the step of the load that made it.
type written struct {
	load.Change
	step int64
}

// migrateShop makes the shop's tables as its operator does, and has the reader
// capture those that the load's record knows.
func migrateShop(t *testing.T, h *harness, binary string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "crudapp", "migrate")
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "TELLTALE_CRUDAPP_DSN="+h.mysql.DSN("shop"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("migrate the shop: %v\n%s", err, out)
	}
	h.o.Tables = nil
	for _, table := range load.Tables() {
		h.o.Tables = append(h.o.Tables, "shop."+table.Name)
	}
}

// openShop has the workers of a load arrive. It has no races, which do not outlive
// the server.
func openShop(t *testing.T, h *harness, seed uint64) *shop {
	t.Helper()
	s := &shop{rows: map[string]map[load.Row][]written{}, final: load.NewFinal()}
	s.reader = load.NewRecordReader(&s.record)
	target, err := direct.Open(t.Context(), direct.Options{DSN: h.mysql.DSN("shop"), Customers: 10, Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	s.Load, err = load.Open(t.Context(), load.Options{Seed: seed, Rate: 60, Mix: "default,race=0,lose-answer=3,delete=3", Record: &s.record}, target)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read reads what was recorded since the last time. The load does not run.
func (s *shop) read(t *testing.T) {
	t.Helper()
	for {
		e, err := s.reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = s.final.Add(e)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e.Outcome {
		case load.Unknown:
			s.lost++
		case load.Landed:
			s.landed++
		}
		if e.Outcome.Took() {
			s.add(e)
		}
	}
}

func (s *shop) add(e load.Entry) {
	for _, c := range e.Changes {
		s.changes++
		rows := s.rows[c.Table]
		if rows == nil {
			rows = map[load.Row][]written{}
			s.rows[c.Table] = rows
		}
		rows[c.Key] = append(rows[c.Key], written{c, e.N})
	}
}

// check wants the topics to hold each row's changes as the record has them, and
// those of one transaction, and no others, to stand in one.
func (s *shop) check(t *testing.T, h *harness) {
	t.Helper()
	steps, transactions := map[int64]string{}, map[string]int64{}
	for table, rows := range s.rows {
		if table == load.Stock {
			sortStock(t, rows)
		}
		got := h.shopRows(t, table)
		for key, list := range got {
			if len(rows[key]) == 0 {
				t.Errorf("%s %s: got %+v, want nothing", table, key, list)
			}
		}
		for key, want := range rows {
			if !sameChanges(t, got[key], want) {
				continue
			}
			for i, w := range want {
				in := got[key][i].Transaction.ID
				if other := steps[w.step]; other != "" && other != in {
					t.Errorf("step %d is the transactions %s and %s", w.step, other, in)
				}
				if other := transactions[in]; other != 0 && other != w.step {
					t.Errorf("the transaction %s is the steps %d and %d", in, other, w.step)
				}
				steps[w.step], transactions[in] = in, w.step
			}
		}
	}
}

// sameChanges compares those of a row, and tells of the first that differs.
func sameChanges(t *testing.T, got []shopRecord, want []written) bool {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%d changes of a row, want %d; the next is %+v", len(got), len(want), want[i])
		case i >= len(want):
			t.Errorf("%d changes of a row, want %d; the next is %+v", len(got), len(want), got[i].change)
		case got[i].change != want[i].Change:
			t.Errorf("change %d of a row: got %+v, want %+v", i+1, got[i].change, want[i].Change)
		default:
			continue
		}
		return false
	}
	return true
}

// sortStock puts the changes of products that all workers sell in their order.
func sortStock(t *testing.T, rows map[load.Row][]written) {
	t.Helper()
	version := func(w written) (v struct{ Version int }) {
		if err := json.Unmarshal([]byte(w.After), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, list := range rows {
		slices.SortStableFunc(list, func(a, b written) int { return version(a).Version - version(b).Version })
	}
}

// shopRecord is a record of a table of the shop, with what the load knows of it.
type shopRecord struct {
	got
	change load.Change
}

// shopRows reads a table's topic. A tombstone stands behind each delete, and no
// identity comes twice.
func (h *harness) shopRows(t *testing.T, table string) map[load.Row][]shopRecord {
	t.Helper()
	all, deleted, ids := map[load.Row][]shopRecord{}, map[load.Row]bool{}, map[string]bool{}
	for _, g := range parsed(t, h.read(t, "shop.shop."+table)) {
		key, err := load.NewRow(json.RawMessage(g.Key))
		if err != nil {
			t.Fatal(err)
		}
		if tombstone := g.Value == nil; tombstone != deleted[key] {
			t.Errorf("%s %s at %v: it is a tombstone: %t, want %t", table, key, g.TopicPartition, tombstone, !tombstone)
		}
		delete(deleted, key)
		if g.Value == nil {
			continue
		}
		if ids[g.ID] {
			t.Errorf("the id %s came twice", g.ID)
		}
		ids[g.ID], deleted[key] = true, g.Op == "d"
		c, err := g.loadChange(key)
		if err != nil {
			t.Fatalf("%s: %v", g.Value, err)
		}
		all[key] = append(all[key], shopRecord{g, c})
	}
	return all
}

// loadChange is a record as a load would have it.
func (g got) loadChange(key load.Row) (load.Change, error) {
	c := load.Change{
		Table: g.Source.Table, Op: string(g.Op), Key: key,
		Actor: g.Context["actor"], Request: g.Context["request_id"],
	}
	table, err := load.TableOf(c.Table)
	if err != nil {
		return c, err
	}
	for image, row := range map[*load.Row]json.RawMessage{&c.Before: g.Before, &c.After: g.After} {
		if *image, err = load.NewRow(row); err == nil {
			*image, err = image.Only(table.Names())
		}
		if err != nil {
			return c, fmt.Errorf("read the row %s: %w", row, err)
		}
	}
	return c, nil
}

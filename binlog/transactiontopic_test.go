package binlog

import (
	"encoding/json"
	"reflect"
	"testing"

	"telltale/schemas/change"
)

// marked is a record of the topic of transactions.
type marked struct {
	Status          string             `json:"status"`
	ID              string             `json:"id"`
	EventCount      *int64             `json:"event_count"`
	DataCollections []markedCollection `json:"data_collections"`
	TsMS            int64              `json:"ts_ms"`
}

type markedCollection struct {
	DataCollection string `json:"data_collection"`
	EventCount     int64  `json:"event_count"`
}

// Each transaction of captured tables stands between its own two records, which
// count what is between them; others have none.
func TestTransactionMarks(t *testing.T) {
	t.Parallel()
	eachRecording(t, func(t *testing.T, r recording) {
		s := r.stream(t)
		s.options.marks = newTransactionMarks(newTopic("transaction", 1), false)
		if err := r.replay(t, s); err != nil {
			t.Fatal(err)
		}
		ends := 0
		var begun marked
		counts := map[string]int64{}
		for i := range s.cur.records {
			one := &s.cur.records[i]
			value := one.value.in(s.cur.buf)
			switch {
			case one.tombstone || one.topic.name == "schemas":
			case one.topic != s.options.marks.topic:
				e, err := change.Parse(value)
				if err != nil {
					t.Fatal(err)
				}
				if e.Transaction.ID != begun.ID || e.Source.TsMS != begun.TsMS {
					t.Errorf("a change of transaction %s at %d follows the beginning of %+v", e.Transaction.ID, e.Source.TsMS, begun)
				}
				counts[e.Source.DB+"."+e.Source.Table]++
			default:
				m := parseMark(t, one.key.in(s.cur.buf), value)
				if m.Status == "END" {
					ends++
					checkEnd(t, begun, m, counts)
				} else if m.Status != "BEGIN" || m.EventCount != nil || m.DataCollections != nil || begun.ID != "" {
					t.Errorf("got %s behind the beginning of %q", value, begun.ID)
				}
				begun = m
				if m.Status == "END" {
					begun = marked{}
				}
				clear(counts)
			}
		}
		if ends < 6 || begun.ID != "" {
			t.Errorf("got %d ends, and %q is open", ends, begun.ID)
		}
	})
}

func parseMark(t *testing.T, key, value []byte) (m marked) {
	t.Helper()
	if err := json.Unmarshal(value, &m); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	if got, want := string(key), `{"id":"`+m.ID+`"}`; got != want {
		t.Errorf("got key %s, want %s", got, want)
	}
	return m
}

// checkEnd holds the end of a transaction against its beginning and what was
// counted since.
func checkEnd(t *testing.T, begun, end marked, counts map[string]int64) {
	t.Helper()
	if end.ID != begun.ID || end.TsMS != begun.TsMS || end.EventCount == nil {
		t.Errorf("got the end %+v of %+v", end, begun)
		return
	}
	var sum int64
	named := map[string]int64{}
	for _, c := range end.DataCollections {
		named[c.DataCollection] = c.EventCount
		sum += c.EventCount
	}
	if sum != *end.EventCount || !reflect.DeepEqual(named, counts) {
		t.Errorf("%s: the end counts %d, %v; there are %v", end.ID, *end.EventCount, named, counts)
	}
}

// Without tombstones a delete is followed by nothing, and nothing else changes.
func TestNoTombstones(t *testing.T) {
	t.Parallel()
	for _, r := range []recording{mysqlStory(), mariadbStory()} {
		with, without := r.stream(t), r.stream(t)
		without.options.noTombstones = true
		for _, s := range []*stream{with, without} {
			if err := r.replay(t, s); err != nil {
				t.Fatal(err)
			}
		}
		var kept []record
		for _, one := range with.cur.records {
			if !one.tombstone {
				kept = append(kept, one)
			}
		}
		got := without.cur.records
		if len(got) != len(kept) || len(kept) == len(with.cur.records) {
			t.Fatalf("got %d records, want %d of %d", len(got), len(kept), len(with.cur.records))
		}
		for i := range got {
			if string(got[i].value.in(without.cur.buf)) != string(kept[i].value.in(with.cur.buf)) {
				t.Errorf("record %d differs", i)
			}
		}
	}
}

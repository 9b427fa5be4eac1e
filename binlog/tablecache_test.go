package binlog

import (
	"fmt"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
)

// What is remembered of tables saves work and says nothing: forgetting it after
// any event changes no record.
func TestForgottenTables(t *testing.T) {
	t.Parallel()
	eachRecording(t, func(t *testing.T, r recording) {
		want := r.stream(t)
		if err := r.replay(t, want); err != nil {
			t.Fatal(err)
		}
		s := r.stream(t)
		most := 0
		err := r.replay(t, handler(func(e *replication.BinlogEvent) error {
			err := s.HandleEvent(e)
			most = max(most, len(s.tables))
			s.forgetTables()
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := text(s.cur), text(want.cur); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if most != 1 {
			t.Errorf("a statement had %d tables, want 1: those of the statement before are forgotten", most)
		}
	})
}

func TestTableCacheIsBounded(t *testing.T) {
	t.Parallel()
	s := newStream(streamOptions{})
	rest := make([]byte, 1000)
	for n := range 5000 {
		copy(rest, fmt.Sprint(n, " "))
		s.remember(rest, &table{})
		if s.tableOf(rest) == nil {
			t.Fatalf("table %d is forgotten at once", n)
		}
		if held := len(s.cache) * len(rest); held > maxTableMaps {
			t.Fatalf("%d bytes are held, want %d at most", held, maxTableMaps)
		}
	}
	for n := range maxCounters + 1 {
		s.counterOf(fmt.Sprint(n))
	}
	s.forgetCounters()
	if len(s.counters) != 0 || len(s.cache) != 0 {
		t.Errorf("%d counters and %d tables that hold one stay, want none", len(s.counters), len(s.cache))
	}
}

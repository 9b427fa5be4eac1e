package binlog

import (
	"context"
	"errors"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
)

// A file that cannot be written ends the session inside the transaction, of which
// nothing is published then.
func TestSpillFails(t *testing.T) {
	t.Parallel()
	story := mysqlStory()
	s := story.stream(t)
	s.options.spillFrom = 1
	stop := errors.New("enough")
	err := story.replay(t, handler(func(e *replication.BinlogEvent) error {
		if err := s.HandleEvent(e); err != nil || !s.tx.open || len(s.tx.touched) == 0 {
			return err
		}
		return stop
	}))
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	spill, err := newSpill()
	if err != nil {
		t.Fatal(err)
	}
	spill.close()
	s.spill, s.spills = spill, append(s.spills, spill)
	s.cur.size = 1 // It is full.
	b, err := s.take(context.Background(), nil, true)
	if err != nil || b.whole {
		t.Fatalf("got a whole batch (%t) and %v, want a part", b.whole, err)
	}
	var outside *outsideError
	if _, err := s.take(context.Background(), b, true); !errors.As(err, &outside) {
		t.Errorf("got %v, want what went wrong with the file", err)
	}
	s.close()
}

package binlog

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"telltale/internal/mysqlserver/mysqltest"
)

// listener is a log that tells when it gets a message.
type listener struct {
	slog.Handler
	message string
	heard   chan struct{}
}

func (l listener) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == l.message {
		select {
		case l.heard <- struct{}{}:
		default:
		}
	}
	return l.Handler.Handle(ctx, r)
}

// A replica that takes over before it has applied an undecided XA branch that was
// read is waited for, and the branch is published from there.
func TestFailoverBeforeABranchIsApplied(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testFailoverBeforeABranchIsApplied)
}

func testFailoverBeforeABranchIsApplied(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.o.catchUp = patience
	log := listener{Handler: h.o.Logger.Handler(), message: "another server than before", heard: make(chan struct{}, 1)}
	h.o.Logger = slog.New(log)
	link := h.link(t)
	h.exec(t, customers)
	ended := h.start(t)
	h.exec(t, insert("one"))
	replica := replicate(t, h.mysql, servers)
	replica.promote(t, h.published(t).GTIDSet)
	h.session(t, branch("'branch'", insert("two"))...)
	if p := h.published(t); len(p.Undecided) != 1 {
		t.Fatalf("got position %+v, want one with an undecided branch", p)
	}
	link.To(replica.Addr())
	select {
	case <-log.heard:
	case err := <-ended:
		t.Fatalf("the reader ended: %v", err)
	case <-time.After(patience):
		t.Fatal("the reader does not look at the replica")
	}
	h.mysql, h.db = replica.Server, mysqltest.DB(t, replica.Server, "shop")
	h.exec(t, replica.words.start)
	h.decide(t, "XA COMMIT 'branch'")
	h.records(t, "customers", 2)
	h.mustStop(t)
}

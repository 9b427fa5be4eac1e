package consumers

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// Partition is what a consumer's background work knows of a partition that
// this instance owns. It is safe for concurrent use.
type Partition struct {
	// Topic and ID say which partition it is.
	Topic string
	ID    int32

	worker    *worker
	claim     claim
	committed chan struct{}
	state     *condition // Of the background work's transactions.
	reported  sync.Map   // From what Health was told of to its condition.
}

func newPartition(w *worker, c claim) *Partition {
	return &Partition{
		Topic: w.topic, ID: w.partition, worker: w, claim: c,
		committed: make(chan struct{}, 1), state: w.condition("background work"),
	}
}

// end takes back what was reported.
func (p *Partition) end() {
	p.state.end()
	p.reported.Range(func(_, c any) bool { c.(*condition).end(); return true })
}

// DB is the consumer's database, for what does not depend on owning the
// partition.
func (p *Partition) DB() *sql.DB { return p.worker.store.db }

// Tx runs f in a transaction that commits only if this instance still owns the
// partition; no other can claim it before the transaction ends. f keeps it
// short: handling waits for it.
func (p *Partition) Tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	if err := p.worker.store.owned(ctx, p.claim, f); err != nil {
		return fmt.Errorf("%s of consumer %s: %w", p.claim.place, p.worker.consumer.Name, err)
	}
	p.state.set(nil)
	return nil
}

// Committed gets a token after batches of the partition were committed, one
// for several where the reader is slow.
func (p *Partition) Committed() <-chan struct{} { return p.committed }

// Health reports whether a part of the background work can make progress: nil,
// or why it cannot. The report ends with the ownership.
func (p *Partition) Health(part string, err error) {
	c, _ := p.reported.LoadOrStore(part, p.worker.condition(part))
	c.(*condition).set(err)
}

// Finish returns a context that outlives ctx by up to three seconds, for a step
// that is better finished than cut off when the partition is to be given up.
// The caller must call cancel.
func (p *Partition) Finish(ctx context.Context) (longer context.Context, cancel context.CancelFunc) {
	return linger(ctx, stopGrace)
}

// Retry calls f until it succeeds, ctx ends, or it fails in a way that does not
// heal, and backs off in between as the engine does.
func (p *Partition) Retry(ctx context.Context, f func() error) error {
	pause := newPauses()
	for {
		err := f()
		if err == nil {
			p.state.set(nil)
			return nil
		}
		class := classify(err)
		if ctx.Err() != nil || class == permanent {
			return err
		}
		p.worker.retrying(p.state, class, err)
		if err := sleep(ctx, pause.next(class)); err != nil {
			return err
		}
	}
}

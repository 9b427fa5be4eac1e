package binlog

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
)

// pulse notes that events arrive. A read deadline a packet would say the same
// and cost as much as receiving the packet.
type pulse struct {
	handler replication.EventHandler
	busy    atomic.Bool // An event is being handled: the silence is our own.
	beats   atomic.Uint64
}

// HandleEvent implements replication.EventHandler.
func (p *pulse) HandleEvent(e *replication.BinlogEvent) error {
	p.busy.Store(true)
	err := p.handler.HandleEvent(e)
	p.beats.Add(1)
	p.busy.Store(false)
	return err
}

// ticks is how often in a period of the heartbeat the silence is looked at.
const ticks = 10

// watch returns an error within two periods of the server's heartbeat in which
// nothing arrives, and nil when ctx ends: a connection that broke without a word
// is found by nothing else.
func (p *pulse) watch(ctx context.Context, period time.Duration) error {
	tick := time.NewTicker(period / ticks)
	defer tick.Stop()
	last, silent := p.beats.Load(), 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		beats := p.beats.Load()
		if beats != last || p.busy.Load() {
			last, silent = beats, 0
			continue
		}
		if silent++; silent == 2*ticks-1 { // It began up to a tick before the first of them.
			return fmt.Errorf("%w for %v", errSilent, time.Duration(silent)*period/ticks)
		}
	}
}

package binlog

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
)

func TestPulse(t *testing.T) {
	t.Parallel()
	const period = 5 * time.Second
	nothing := handler(func(*replication.BinlogEvent) error { return nil })
	watched := func(t *testing.T, during func(*pulse)) (took time.Duration, err error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			p := &pulse{handler: nothing}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var connection sync.WaitGroup
			defer connection.Wait()
			connection.Go(func() { during(p) })
			began := time.Now()
			err = p.watch(ctx, period)
			took = time.Since(began)
		})
		return took, err
	}
	if took, err := watched(t, func(*pulse) {}); err == nil || took > 2*period || took < period+period/2 {
		t.Errorf("a silent connection: got %v after %v", err, took)
	}
	beating := func(p *pulse) {
		for range 15 {
			time.Sleep(period - time.Second)
			_ = p.HandleEvent(nil)
		}
	}
	if _, err := watched(t, beating); err != nil {
		t.Errorf("a connection with heartbeats: got %v", err)
	}
	blocked := func(p *pulse) {
		p.handler = handler(func(*replication.BinlogEvent) error { time.Sleep(2 * time.Minute); return nil })
		_ = p.HandleEvent(nil)
	}
	if _, err := watched(t, blocked); err != nil {
		t.Errorf("a handler that waits for Kafka: got %v", err)
	}
}

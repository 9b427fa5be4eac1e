package consumers

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-sql-driver/mysql"

	"telltale/internal/kafkaclient"
)

// class is what an error means for the batch that met it.
type class string

const (
	// conflict: another transaction was in the way. The same batch again, soon.
	conflict class = "conflict"
	// unavailable: the server is away or not ready to write. The same batch
	// again, when it is back.
	unavailable class = "unavailable"
	// permanent: trying again would fail again.
	permanent class = "permanent"
)

// MySQL's error numbers that go away by themselves.
// https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html
const (
	erDiskFull           = 1021
	erOutOfMemory        = 1037
	erOutOfResources     = 1041
	erConCount           = 1040
	erServerShutdown     = 1053
	erTooManyUserConns   = 1203
	erLockWaitTimeout    = 1205
	erLockDeadlock       = 1213
	erUserLimitReached   = 1226
	erReadOnlyOption     = 1290
	erQueryInterrupted   = 1317
	erReadOnlyMode       = 1836
	erQueryTimeout       = 3024
	erRollbackBeforeCert = 3101
	erReadOnlyTx         = 1792
	erServerOffline      = 3032
	erClientInteraction  = 4031
)

// classify sorts an error of the database or of Kafka.
func classify(err error) class {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return classifyMySQL(m.Number)
	}
	var k kafka.Error
	if errors.As(err, &k) {
		// The engine has one client: one that is of no more use ends it.
		if k.IsFatal() || kafkaclient.RemedyOf(err) == kafkaclient.End {
			return permanent
		}
		return unavailable
	}
	var n net.Error
	switch {
	case IsPoison(err):
		return permanent
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &n):
		return unavailable
	}
	return permanent
}

func classifyMySQL(number uint16) class {
	switch number {
	case erLockWaitTimeout, erLockDeadlock, erRollbackBeforeCert:
		return conflict
	case erConCount, erServerShutdown, erTooManyUserConns, erUserLimitReached, erQueryInterrupted,
		erQueryTimeout, erServerOffline, erClientInteraction, // The server has no time for us.
		erReadOnlyOption, erReadOnlyMode, erReadOnlyTx, // A replica, until a failover is through.
		erDiskFull, erOutOfMemory, erOutOfResources:
		return unavailable
	}
	return permanent
}

// backoff spreads attempts: each pause is drawn from zero to a bound that
// doubles, so that instances which failed together do not come back together.
type backoff struct {
	base, limit time.Duration
	failures    int
}

func (b *backoff) next() time.Duration {
	bound := b.limit
	if shift := min(b.failures, 30); b.base<<shift < b.limit {
		bound = b.base << shift
	}
	b.failures++
	return b.base/2 + rand.N(bound)
}

// pauses are the back-offs of one worker, by class.
type pauses struct{ conflict, unavailable backoff }

func newPauses() *pauses {
	return &pauses{
		conflict:    backoff{base: 5 * time.Millisecond, limit: 500 * time.Millisecond},
		unavailable: backoff{base: 100 * time.Millisecond, limit: 5 * time.Second},
	}
}

func (p *pauses) next(c class) time.Duration {
	if c == conflict {
		return p.conflict.next()
	}
	return p.unavailable.next()
}

// sleep waits, or returns early with ctx's cause.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// linger returns a context that outlives ctx by d, for work that is better
// finished than cut off. The caller must call cancel.
func linger(ctx context.Context, d time.Duration) (longer context.Context, cancel context.CancelFunc) {
	longer, cancelCause := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancelCause(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancelCause(context.Canceled) }
}

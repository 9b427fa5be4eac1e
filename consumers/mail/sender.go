package mail

import (
	"cmp"
	"context"
	"database/sql"
	"math/rand/v2"
	"time"

	"telltale/consumers"
)

const (
	// roundSize is how many mails are read from the ledger at a time.
	roundSize = 100
	// idleWait is how long the sender waits where nobody wakes it: for a mail
	// whose time comes, or one that an operator planned again by hand.
	idleWait = 2 * time.Second
	// firstPause is the first back-off, doubled at each failure in a row.
	firstPause = 250 * time.Millisecond
)

// sender sends the planned mails of one partition, for as long as this instance
// owns it. Between sending and noting there is no transaction with the SMTP
// server to be had: a crash there sends the mail again, under the same
// Message-ID.
type sender struct {
	*Outbox
	partition *consumers.Partition
	failures  int // How often in a row the server was away.
	counted   time.Time
}

const smtpPart = "smtp"

func (s *sender) run(ctx context.Context) error {
	for {
		more, err := s.round(ctx)
		if err != nil {
			return err
		}
		if s.failures > 0 {
			err = s.pause(ctx)
		} else if !more {
			err = s.idle(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// idle waits for a committed batch.
func (s *sender) idle(ctx context.Context) error {
	timer := time.NewTimer(idleWait)
	defer timer.Stop()
	select {
	case <-s.partition.Committed():
	case <-timer.C:
		s.pool.trim(idleWait)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// pause waits for a server that is away; new mails do not shorten it.
func (s *sender) pause(ctx context.Context) error {
	timer := time.NewTimer(s.backoff(s.failures))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// backoff grows with the failures and is spread, so that mails and instances
// that failed together do not come back together.
func (b *Outbox) backoff(failures int) time.Duration {
	bound := b.options.MaxBackoff
	if shift := min(failures-1, 20); firstPause<<shift < bound {
		bound = firstPause << shift
	}
	return bound/2 + rand.N(bound/2+1)
}

// round sends what is due and reports whether there may be more at once. What
// is under way is finished, for a moment, even if the partition is to be given
// up meanwhile.
func (s *sender) round(ctx context.Context) (more bool, err error) {
	if err := s.count(ctx); err != nil {
		return false, err
	}
	// Waiting comes first: a proof of ownership does not keep.
	if err := s.pool.await(ctx); err != nil {
		return false, err
	}
	entries, proven, err := s.begin(ctx)
	if err != nil || len(entries) == 0 {
		s.pool.release()
		return false, err
	}
	finish, cancel := s.partition.Finish(ctx)
	defer cancel()
	r := newRound(entries, proven)
	sending := make(chan error, 1)
	go func() { sending <- s.send(ctx, finish, r) }()
	noteErr := s.note(finish, r)
	if err := cmp.Or(<-sending, noteErr, s.giveBack(finish, r)); err != nil {
		return false, err
	}
	if r.down {
		s.failures++
	} else if r.tried > 0 {
		s.failures = 0
		s.partition.Health(smtpPart, nil)
	}
	return true, nil
}

// begin takes mails up: in a transaction that proves that the partition is
// owned, it counts attempts that are about to be made. The proof is as of when
// the transaction had it, however long it waited for the handler's.
func (s *sender) begin(ctx context.Context) (entries []entry, proven time.Time, err error) {
	err = s.partition.Tx(ctx, func(tx *sql.Tx) error {
		proven = time.Now()
		if entries, err = due(ctx, tx, s.options.Consumer, s.partition, roundSize); err != nil {
			return err
		}
		return count(ctx, tx, entries, 1)
	})
	return entries, proven, err
}

// giveBack takes back the attempts that were counted and not made.
func (s *sender) giveBack(ctx context.Context, r *round) error {
	left := r.left()
	if len(left) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *sql.Tx) error { return count(ctx, tx, left, -1) })
}

// note writes outcomes down as they come: those that came while others were
// being written, together. An error would send mails again that were sent, so
// it is tried until the database takes it.
func (s *sender) note(ctx context.Context, r *round) error {
	for first := range r.results {
		results := r.more(first)
		err := s.write(ctx, func(tx *sql.Tx) error { return note(ctx, tx, results) })
		if err == nil {
			err = s.options.Failpoint("noted")
		}
		if err != nil {
			r.stop()
			return err
		}
		for _, result := range results {
			s.report(result)
		}
	}
	return nil
}

// write runs f in a transaction until it is committed.
func (s *sender) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	return s.partition.Retry(ctx, func() error {
		tx, err := s.partition.DB().BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // After a commit there is nothing to take back; else f's error says more.
		if err := f(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// report tells the operator.
func (s *sender) report(r result) {
	s.metrics.mails.WithLabelValues(string(r.verdict)).Inc()
	switch r.verdict {
	case away:
		s.partition.Health(smtpPart, r.summary())
	case sent:
		s.metrics.delay.Observe(time.Since(r.entry.plannedAt).Seconds())
	case rejected:
		// The server's words may hold the address; the ledger keeps them.
		s.options.Logger.Warn("mail failed for good, see mail_ledger", "consumer", s.options.Consumer, "event", r.entry.eventID, "mail", r.entry.seq)
	}
}

// count refreshes the number of mails that wait, now and then.
func (s *sender) count(ctx context.Context) error {
	const every = 5 * time.Second
	if time.Since(s.counted) < every {
		return nil
	}
	s.counted = time.Now()
	n, err := waiting(ctx, s.partition.DB(), s.options.Consumer, s.partition)
	if err != nil {
		return err
	}
	s.metrics.wait(s.partition, n)
	return nil
}

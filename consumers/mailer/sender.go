package mailer

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"

	"telltale/consumers"
)

const (
	// roundSize is how many mails are read from the ledger at a time.
	roundSize = 50
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
	*mailer
	partition *consumers.Partition
	conn      *connection
	failures  int // How often in a row the server was away.
	counted   time.Time
}

func newSender(m *mailer, p *consumers.Partition) *sender {
	return &sender{mailer: m, partition: p}
}

const smtpPart = "smtp"

func (s *sender) run(ctx context.Context) error {
	defer s.hangUp()
	defer s.metrics.forget(s.partition)
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

// idle waits for a committed batch. The connection is given up: a server does
// not like to be held without mail.
func (s *sender) idle(ctx context.Context) error {
	s.hangUp()
	timer := time.NewTimer(idleWait)
	defer timer.Stop()
	select {
	case <-s.partition.Committed():
	case <-timer.C:
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
func (s *sender) backoff(failures int) time.Duration {
	bound := s.options.maxBackoff
	if shift := min(failures-1, 20); firstPause<<shift < bound {
		bound = firstPause << shift
	}
	return bound/2 + rand.N(bound/2+1)
}

// round sends what is due and reports whether there may be more at once.
func (s *sender) round(ctx context.Context) (more bool, err error) {
	entries, err := s.due(ctx)
	if err != nil {
		return false, err
	}
	if err := s.count(ctx); err != nil {
		return false, err
	}
	held := make(map[string]bool) // Customers whose earlier mail has to come first.
	for _, e := range entries {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if held[e.customer] {
			continue
		}
		v, err := s.one(ctx, e)
		if err != nil {
			return false, err
		}
		if v == away {
			return false, nil
		}
		held[e.customer] = v == deferred
	}
	return len(entries) > 0, nil
}

func (s *sender) due(ctx context.Context) (entries []entry, err error) {
	err = s.partition.Tx(ctx, func(tx *sql.Tx) error {
		entries, err = due(ctx, tx, s.partition.Topic, s.partition.ID, roundSize)
		return err
	})
	return entries, err
}

// one sends one mail and notes what came of it. Both are finished, for a
// moment, even if the partition is to be given up meanwhile.
func (s *sender) one(ctx context.Context, e entry) (verdict, error) {
	ctx, cancel := s.partition.Finish(ctx)
	defer cancel()
	wanted := false
	err := s.partition.Tx(ctx, func(tx *sql.Tx) (err error) {
		wanted, err = begin(ctx, tx, e.seq)
		return err
	})
	if err != nil || !wanted {
		return sent, err
	}
	o := s.deliver(ctx, e)
	if err := s.options.failpoint(string(o.verdict)); err != nil {
		return o.verdict, err
	}
	// An error here would send a mail again that was sent.
	err = s.partition.Retry(ctx, func() error { return settle(ctx, s.partition.DB(), e.seq, o) })
	if err != nil {
		return o.verdict, err
	}
	s.report(e, o)
	return o.verdict, s.options.failpoint("noted")
}

// deliver makes one attempt.
func (s *sender) deliver(ctx context.Context, e entry) outcome {
	m, err := s.post.compose(e)
	if err != nil {
		return outcome{verdict: rejected, err: err}
	}
	if s.conn == nil {
		if s.conn, err = s.post.connect(ctx); err != nil {
			return outcome{verdict: away, err: err}
		}
	}
	err = s.conn.send(ctx, m)
	o := outcome{verdict: judge(err), err: err}
	if err != nil {
		s.hangUp()
	}
	if o.verdict == deferred {
		o.pause = s.backoff(e.attempts + 1)
		if e.age > s.options.GiveUp {
			o.verdict = rejected
		}
	}
	return o
}

// report tells the operator.
func (s *sender) report(e entry, o outcome) {
	s.metrics.mails.WithLabelValues(string(o.verdict)).Inc()
	switch o.verdict {
	case away:
		s.failures++
		s.partition.Health(smtpPart, o.summary())
		return
	case sent:
		s.metrics.delay.Observe(time.Since(e.plannedAt).Seconds())
	case rejected:
		// The server's words may hold the address; the ledger keeps them.
		s.options.Logger.Warn("mail failed for good, see mailer_ledger", "event", e.eventID, "mail", e.seq)
	}
	s.failures = 0
	s.partition.Health(smtpPart, nil)
}

func (s *sender) hangUp() {
	if s.conn != nil {
		s.conn.close()
		s.conn = nil
	}
}

// count refreshes the number of mails that wait, now and then.
func (s *sender) count(ctx context.Context) error {
	const every = 5 * time.Second
	if time.Since(s.counted) < every {
		return nil
	}
	s.counted = time.Now()
	n, err := waiting(ctx, s.partition.DB(), s.partition.Topic, s.partition.ID)
	if err != nil {
		return err
	}
	s.metrics.wait(s.partition, n)
	return nil
}

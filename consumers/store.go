package consumers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

func (p place) String() string { return fmt.Sprintf("%s/%d", p.topic, p.partition) }

// claim is the right to move a partition's offset. It ends with the next claim.
type claim struct {
	place
	epoch int64
	next  int64
}

// extent is what a topic holds of a partition as of a claim.
type extent struct {
	topicID    string // Empty where the broker has none.
	first, end int64
}

// store keeps the offsets of one consumer.
type store struct {
	db       *sql.DB
	consumer string
	owner    string
}

func newStore(db *sql.DB, consumer string) *store {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &store{db: db, consumer: consumer, owner: fmt.Sprintf("%s:%d", host, os.Getpid())}
}

// claim takes a partition over. A partition without a row begins with the
// oldest event that there is. Raising the epoch waits for a batch that an
// earlier owner is about to commit, and makes its next one fail.
func (s *store) claim(ctx context.Context, p place, e extent) (claim, error) {
	c := claim{place: p}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		const raise = `INSERT INTO consumer_offsets (consumer, topic, partition_id, topic_id, next_offset, owner_epoch, owner, claimed_at)
VALUES (?, ?, ?, ?, ?, 1, ?, NOW(6))
ON DUPLICATE KEY UPDATE owner_epoch = owner_epoch + 1, owner = ?, claimed_at = NOW(6)`
		if _, err := tx.ExecContext(ctx, raise, s.consumer, p.topic, p.partition, e.topicID, e.first, s.owner, s.owner); err != nil {
			return err
		}
		topicID, err := s.read(ctx, tx, &c)
		if err != nil {
			return err
		}
		if err := s.fits(c, topicID, e); err != nil {
			return err
		}
		if topicID != "" || e.topicID == "" {
			return nil
		}
		const learn = "UPDATE consumer_offsets SET topic_id = ? WHERE consumer = ? AND topic = ? AND partition_id = ?"
		_, err = tx.ExecContext(ctx, learn, e.topicID, s.consumer, p.topic, p.partition)
		return err
	})
	if err != nil {
		return claim{}, fmt.Errorf("claim %s for consumer %s: %w", p, s.consumer, err)
	}
	return c, nil
}

func (s *store) read(ctx context.Context, tx *sql.Tx, c *claim) (topicID string, err error) {
	const query = "SELECT topic_id, next_offset, owner_epoch FROM consumer_offsets WHERE consumer = ? AND topic = ? AND partition_id = ?"
	err = tx.QueryRowContext(ctx, query, s.consumer, c.topic, c.partition).Scan(&topicID, &c.next, &c.epoch)
	return topicID, err
}

// fits refuses an offset that does not belong to the topic as it is.
func (s *store) fits(c claim, topicID string, e extent) error {
	bad := &PositionError{Consumer: s.consumer, Topic: c.topic, Partition: c.partition, Next: c.next, First: e.first, End: e.end}
	switch {
	case topicID != "" && e.topicID != "" && topicID != e.topicID:
		bad.Reason = fmt.Sprintf("the topic was re-created: its id was %s and is %s", topicID, e.topicID)
	case c.next < e.first:
		bad.Reason = "events that were not handled are gone from the topic"
	case c.next > e.end:
		bad.Reason = "the topic ends before it; it was re-created, or its broker lost records"
	default:
		return nil
	}
	return bad
}

// advance moves a claim's offset within tx. It changes nothing and returns
// errNotOwner or errMoved where the row is not as the claim says. It is the
// first statement of a batch: from here to the commit the row is locked, so no
// claim can come between the two.
func (s *store) advance(ctx context.Context, tx *sql.Tx, c claim, next int64) error {
	const move = "UPDATE consumer_offsets SET next_offset = ? WHERE consumer = ? AND topic = ? AND partition_id = ? AND next_offset = ? AND owner_epoch = ?"
	r, err := tx.ExecContext(ctx, move, next, s.consumer, c.topic, c.partition, c.next, c.epoch)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil || n == 1 {
		return err
	}
	is := claim{place: c.place}
	if _, err := s.read(ctx, tx, &is); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if is.epoch == c.epoch && is.next == next {
		return errMoved
	}
	return errNotOwner
}

// owned runs f in a transaction in which the claim cannot be taken over.
func (s *store) owned(ctx context.Context, c claim, f func(tx *sql.Tx) error) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		const hold = "SELECT owner_epoch FROM consumer_offsets WHERE consumer = ? AND topic = ? AND partition_id = ? LOCK IN SHARE MODE" // FOR SHARE is MySQL's alone.
		var epoch int64
		err := tx.QueryRowContext(ctx, hold, s.consumer, c.topic, c.partition).Scan(&epoch)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if epoch != c.epoch {
			return errNotOwner
		}
		return f(tx)
	})
}

func (s *store) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // After a commit there is nothing to take back; else f's error says more.
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-sql-driver/mysql"

	"telltale/internal/demo/feed"
	"telltale/internal/mysqlserver"
)

const (
	// sampleEvery is how often the lag is looked at.
	sampleEvery = time.Second
	// unknownLag says that a server did not tell.
	unknownLag = -1
)

// backlogs are what the stages have to read, seen from outside, so that a stage
// that is dead has a lag as well. It is safe for concurrent use.
type backlogs struct {
	changes, events feed.Backlog

	mu       sync.Mutex
	position feed.Position
}

func (b *backlogs) setPosition(p feed.Position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.position = p
}

func (b *backlogs) published() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.position.GTIDSet
}

// sink hands what the topics hold to all who want to know.
type sink struct {
	*feed.Log
	backlogs *backlogs
	awaited  *awaited
}

// AddChange implements feed.Sink.
func (s sink) AddChange(c feed.Change) {
	s.backlogs.changes.Add(c.Place, c.Offset, c.Committed)
	s.Log.AddChange(c)
}

// AddEvent implements feed.Sink.
func (s sink) AddEvent(e feed.Event) {
	s.backlogs.events.Add(e.Place, e.Offset, e.Time)
	s.Log.AddEvent(e)
	s.awaited.add(e.ID, time.Now()) // The card is there before its effects.
}

// sampler looks at how far each stage is behind.
type sampler struct {
	backlogs  *backlogs
	server    mysqlserver.Flavor
	root      *sql.DB
	ledger    *sql.DB
	admin     *kafka.AdminClient
	consumers []string
	// behindSince is when the reader was first seen to be behind where it
	// stands; at is where that was.
	behindSince time.Time
	at          string
	// translated is where the translator was at the sample before.
	translated feed.Offsets
}

// watchLag takes a sample each second.
func (d *demo) watchLag() {
	root, err := openDB(d.addresses.MySQL)
	if err != nil {
		d.fail(fmt.Errorf("look at the stages' lag: %w", err))
		return
	}
	defer root.Close()
	s := &sampler{backlogs: &d.backlogs, server: d.Server, root: root, ledger: d.ledger, consumers: d.Consumers}
	err = d.kafka().WithAdmin(func(admin *kafka.AdminClient) error {
		s.admin = admin
		d.sampleLag(s)
		return nil
	})
	if err != nil {
		d.fail(fmt.Errorf("look at the stages' lag: %w", err))
	}
}

func (d *demo) sampleLag(s *sampler) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.following.Done():
			return
		case now := <-tick.C:
			// What the translator had passed a sample ago has its events here by now.
			d.log.SetPassed(s.translated)
			ctx, cancel := context.WithTimeout(d.following, sampleEvery)
			d.log.AddSample(s.sample(ctx, now))
			cancel()
		}
	}
}

func (s *sampler) sample(ctx context.Context, now time.Time) feed.Sample {
	stages := []feed.Lag{s.binlog(ctx, now), s.translator(ctx, now)}
	offsets, err := consumerOffsets(ctx, s.ledger)
	mails := map[string]queue{}
	if err == nil {
		mails, err = waitingMails(ctx, s.ledger)
	}
	for _, name := range s.consumers {
		lag := feed.Lag{Name: name, Unit: "events", Lag: unknownLag}
		if err == nil {
			lag.Lag, lag.BehindMS = behind(&s.backlogs.events, offsets[name], now)
		}
		if q := mails[name]; q.n > 0 {
			lag.Unit, lag.Lag, lag.BehindMS = "events and mails", lag.Lag+q.n, max(lag.BehindMS, q.oldestMS)
		}
		stages = append(stages, lag)
	}
	return feed.Sample{At: now.UTC(), Stages: stages}
}

// behind counts what a reader has not read, and how long the oldest of it has
// waited, in milliseconds.
func behind(b *feed.Backlog, next feed.Offsets, now time.Time) (n int64, ms float64) {
	n, oldest := b.Behind(next)
	if n == 0 {
		return 0, 0
	}
	return n, max(0, float64(now.Sub(oldest).Microseconds())/1000)
}

// binlog compares what the server has executed with what was published.
func (s *sampler) binlog(ctx context.Context, now time.Time) feed.Lag {
	lag := feed.Lag{Name: stageBinlog, Unit: "transactions", Lag: unknownLag}
	published := s.backlogs.published()
	missing, err := s.missing(ctx, published)
	if err != nil {
		return lag
	}
	lag.Lag = missing
	if lag.Lag == 0 {
		s.behindSince = time.Time{}
		return lag
	}
	if s.behindSince.IsZero() || s.at != published {
		s.behindSince, s.at = now, published
	}
	lag.BehindMS = float64(now.Sub(s.behindSince).Milliseconds())
	return lag
}

// missing counts the transactions that the server has executed and the reader
// has not published.
func (s *sampler) missing(ctx context.Context, published string) (int64, error) {
	var set string
	if s.server == mysqlserver.MariaDB {
		err := s.root.QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_binlog_pos").Scan(&set)
		return countMariaDB(set, published), err
	}
	err := s.root.QueryRowContext(ctx, "SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, ?)", published).Scan(&set)
	return countGTIDs(set), err
}

// translator compares what its group has committed with what was published.
func (s *sampler) translator(ctx context.Context, now time.Time) feed.Lag {
	lag := feed.Lag{Name: stageTranslator, Unit: "changes", Lag: unknownLag}
	next, err := groupOffsets(ctx, s.admin, Source+"-translator")
	if err != nil {
		return lag
	}
	s.translated = next
	lag.Lag, lag.BehindMS = behind(&s.backlogs.changes, next, now)
	return lag
}

// groupOffsets are the offsets that a consumer group has committed.
func groupOffsets(ctx context.Context, admin *kafka.AdminClient, group string) (feed.Offsets, error) {
	result, err := admin.ListConsumerGroupOffsets(ctx, []kafka.ConsumerGroupTopicPartitions{{Group: group}})
	if err != nil {
		return nil, fmt.Errorf("list the offsets of group %s: %w", group, err)
	}
	offsets := feed.Offsets{}
	for _, g := range result.ConsumerGroupsTopicPartitions {
		for _, p := range g.Partitions {
			if p.Offset >= 0 {
				offsets[feed.Place{Topic: *p.Topic, Partition: p.Partition}] = int64(p.Offset)
			}
		}
	}
	return offsets, nil
}

// consumerOffsets are how far each consumer is, which stands in their database:
// nowhere before the first has made the table.
func consumerOffsets(ctx context.Context, db *sql.DB) (map[string]feed.Offsets, error) {
	rows, err := db.QueryContext(ctx, "SELECT consumer, topic, partition_id, next_offset FROM consumer_offsets")
	if noTable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the consumers' offsets: %w", err)
	}
	defer rows.Close()
	all := map[string]feed.Offsets{}
	for rows.Next() {
		var name string
		var p feed.Place
		var next int64
		if err := rows.Scan(&name, &p.Topic, &p.Partition, &next); err != nil {
			return nil, fmt.Errorf("read the consumers' offsets: %w", err)
		}
		if all[name] == nil {
			all[name] = feed.Offsets{}
		}
		all[name][p] = next
	}
	return all, rows.Err()
}

// queue is how many mails a consumer has planned and not sent, and how long the
// oldest has waited, in milliseconds.
type queue struct {
	n        int64
	oldestMS float64
}

// waitingMails are the queues of the consumers that have one. Those that send
// no mails have made no table for them, and then there are none.
func waitingMails(ctx context.Context, db *sql.DB) (map[string]queue, error) {
	const query = `SELECT consumer, COUNT(*), TIMESTAMPDIFF(MICROSECOND, MIN(planned_at), NOW(6)) / 1000
FROM mail_ledger WHERE state = 'planned' GROUP BY consumer`
	queues := map[string]queue{}
	rows, err := db.QueryContext(ctx, query)
	if noTable(err) {
		return queues, nil
	}
	if err != nil {
		return nil, fmt.Errorf("count the mails that wait: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var q queue
		if err := rows.Scan(&name, &q.n, &q.oldestMS); err != nil {
			return nil, fmt.Errorf("count the mails that wait: %w", err)
		}
		queues[name] = q
	}
	return queues, rows.Err()
}

// noTable tells whether a statement failed since nobody has made its table yet.
func noTable(err error) bool {
	const erNoSuchTable = 1146
	var m *mysql.MySQLError
	return errors.As(err, &m) && m.Number == erNoSuchTable
}

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/install"
	"telltale/internal/kafkaclient"
)

// Paused is a reader that stops in its tracks, as a virtual machine does that is
// moved, while another stands by; and wakes up when that has taken over.
func Paused() Fault {
	return Fault{
		Name: "SIGSTOP of the reader, with a standby",
		Doc: "A second reader stood by; the first was stopped in its tracks (SIGSTOP) at a random moment, for until the second had published " +
			"what was committed meanwhile, and woken up (SIGCONT). It went on standing by, and then was asked to stop.",
		Inject: pauseReader,
	}
}

func pauseReader(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	reader := w.stage(Binlog)
	before, err := w.leaseMembers(ctx)
	if err != nil {
		return err
	}
	standby, err := w.Start("standby", reader.args...)
	if err != nil {
		return err
	}
	err = w.await(ctx, "the standby to stand by", func(ctx context.Context) bool {
		now, err := w.leaseMembers(ctx)
		return err == nil && slices.ContainsFunc(now, func(member string) bool { return !slices.Contains(before, member) })
	})
	if err != nil {
		return err
	}
	if err := wait(ctx, time.Duration(random.Int64N(int64(during)))); err != nil {
		return err
	}
	paused, err := reader.replace(standby)
	if err != nil {
		return err
	}
	paused.harm = time.Now()
	if err := paused.process.Pause(); err != nil {
		return fmt.Errorf("pause the reader: %w", err)
	}
	reader.harm()
	if err := w.await(ctx, "the standby to take over", w.publishedAfter(paused.harm)); err != nil {
		return err
	}
	if took := time.Since(paused.harm); took > takeover+busy {
		return fmt.Errorf("the standby took over after %v, want %v, and %v on a busy machine", took, takeover, takeover+busy)
	}
	if err := paused.process.Resume(); err != nil {
		return fmt.Errorf("wake the reader up: %w", err)
	}
	// Long enough for it to do harm: what it held when it was stopped, and the
	// heartbeat by which it finds out that it lost the lease.
	if err := wait(ctx, awake); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	return paused.process.Stop(ctx)
}

// takeover is how long a standby that waits takes until it has published something
// that was committed after the first reader had stopped: 6 s until the group gives
// that one up, 1.2 s until the standby is told, and a session's start. A machine
// that is busy with the load, the servers and the stages may need busy more.
const (
	takeover = 10 * time.Second
	busy     = 5 * time.Second
)

// leaseMembers are the ids of those that hold the lease or wait for it, nil while
// their group has not settled who they are.
func (w *World) leaseMembers(ctx context.Context) (ids []string, err error) {
	err = w.Kafka().WithAdmin(func(a *kafka.AdminClient) error {
		found, err := a.DescribeConsumerGroups(ctx, []string{"telltale-lease-" + install.Source})
		if err != nil {
			return fmt.Errorf("describe the group of the lease: %w", err)
		}
		for _, group := range found.ConsumerGroupDescriptions {
			if group.State != kafka.ConsumerGroupStateStable {
				continue
			}
			for _, member := range group.Members {
				ids = append(ids, member.ConsumerID)
			}
		}
		return nil
	})
	return ids, err
}

// publishedAfter tells whether the position is behind something that was committed
// later. Each time that it is asked it commits something, in case the load has
// ended: a row of the consumers' database, which no stage looks at.
func (w *World) publishedAfter(moment time.Time) func(context.Context) bool {
	return func(ctx context.Context) bool {
		const row = "INSERT INTO pulses () VALUES ()"
		if _, err := w.consumers.ExecContext(ctx, row); err != nil {
			_, _ = w.consumers.ExecContext(ctx, "CREATE TABLE pulses (id int AUTO_INCREMENT PRIMARY KEY)") // Or the next time.
			return false
		}
		at, err := w.positionOf(ctx)
		return err == nil && at.After(moment)
	}
}

// positionOf is when the newest transaction was committed that the reader has
// published or passed over.
func (w *World) positionOf(ctx context.Context) (time.Time, error) {
	var position struct {
		CommittedAt time.Time `json:"committed_at"`
	}
	err := kafkaclient.ReadToEnd(ctx, w.Kafka(), install.Source+".positions", func(m *kafka.Message) error {
		if string(m.Key) != install.Source {
			return nil
		}
		return json.Unmarshal(m.Value, &position)
	})
	return position.CommittedAt, err
}

// awake is how long a reader that was paused may do what it likes.
const awake = 2 * time.Second

// former is a process that is a stage's no more.
type former struct {
	process *install.Process
	harm    time.Time
}

// replace makes a process the stage's and returns the one of before.
func (s *Stage) replace(next *install.Process) (former, error) {
	if err := s.alive(); err != nil {
		return former{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := former{process: s.process}
	s.process = next
	return before, nil
}

// stage is the stage of a name.
func (w *World) stage(name string) *Stage {
	for _, s := range w.Stages {
		if s.Name == name {
			return s
		}
	}
	panic("no stage has the name " + name)
}

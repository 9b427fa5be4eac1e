package faults

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/install"
	"telltale/internal/kafkaclient"
)

const (
	// bulkRows of bulkBytes are several times what the reader may hold.
	bulkRows  = 8 << 10
	bulkBytes = 16 << 10
	// bulkPause is for how long the broker is paused at most behind that.
	bulkPause = 30 * time.Second
	// bound is what the reader's memory may come to: what it needs for a backlog
	// that the broker takes, and not as much as it would take to hold this one too.
	bound = 256 << 20
)

// Backlog is much that is written while the broker neither runs nor answers.
func Backlog() Fault {
	return Fault{
		Name: "128 MiB written while the broker is away",
		Doc: "The broker was stopped in its tracks (SIGSTOP), 8192 rows of 16 KiB were written by one statement, and it was woken up. " +
			"The reader's memory stayed below 256 MiB, and each row was published once.",
		Long:   true,
		Inject: writeBacklog,
	}
}

func writeBacklog(ctx context.Context, w *World, _ *rand.Rand, _ time.Duration) error {
	db, err := sql.Open("mysql", w.MySQL)
	if err != nil {
		return fmt.Errorf("open the shop's database as root: %w", err)
	}
	defer db.Close()
	const table = "CREATE TABLE IF NOT EXISTS shop.bulk (id int AUTO_INCREMENT PRIMARY KEY, body text)"
	if _, err := db.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("make a table for many rows: %w", err)
	}
	if err := w.Broker.server.Pause(); err != nil {
		return fmt.Errorf("pause the broker: %w", err)
	}
	insert := fmt.Sprintf(`INSERT INTO shop.bulk (body) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < %d)
SELECT /*+ SET_VAR(cte_max_recursion_depth = %[1]d) */ REPEAT('x', %d) FROM n`, bulkRows, bulkBytes)
	if _, err := db.ExecContext(ctx, insert); err != nil {
		return fmt.Errorf("write many rows: %w", err)
	}
	if err := wait(ctx, min(w.BrokerPause, bulkPause)); err != nil {
		return err
	}
	if err := w.healed(w.Broker.server.Resume()); err != nil {
		return err
	}
	var rows int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM shop.bulk").Scan(&rows); err != nil {
		return fmt.Errorf("count many rows: %w", err)
	}
	if err := w.awaitBulk(ctx, rows); err != nil {
		return err
	}
	peak, err := w.stage(Binlog).peakMemory()
	if err == nil && peak > bound {
		err = fmt.Errorf("the reader's memory came to %d MiB, more than %d", peak>>20, bound>>20)
	}
	return err
}

// awaitBulk waits until each of the rows was published, once.
func (w *World) awaitBulk(ctx context.Context, rows int) error {
	var seen map[string]int
	var asked error
	err := w.await(ctx, "many rows", func(ctx context.Context) bool {
		seen = map[string]int{}
		asked = kafkaclient.ReadToEnd(ctx, w.Kafka(), install.Source+".shop.bulk", func(m *kafka.Message) error {
			var e struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(m.Value, &e); err != nil {
				return fmt.Errorf("read the row change at %s: %w", m.TopicPartition, err)
			}
			seen[e.ID]++
			return nil
		})
		return asked == nil && len(seen) >= rows
	})
	if err != nil {
		return fmt.Errorf("%w; got %d, want %d (%v)", err, len(seen), rows, asked)
	}
	for id, n := range seen {
		if n > 1 {
			return fmt.Errorf("the change %s came %d times", id, n)
		}
	}
	if len(seen) != rows {
		return fmt.Errorf("of %d rows came %d", rows, len(seen))
	}
	return nil
}

// peakMemory is the most that was resident of the stage's process, in bytes.
func (s *Stage) peakMemory() (int, error) {
	s.mu.Lock()
	pid := s.process.Pid()
	s.mu.Unlock()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("look up the memory of %s: %w", s.Name, err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				return 0, fmt.Errorf("look up the memory of %s: %w", s.Name, err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("look up the memory of %s: the system does not say", s.Name)
}

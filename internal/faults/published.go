package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/install"
	"telltale/internal/kafkaclient"
)

// rows are what was inserted into a table of a fault's own: values by column, by
// the row's id.
type rows map[int]map[string]int

// awaitRows waits until as many rows of a table were published as are wanted, and
// fails where they are not those, or one came twice. The table's topic is made
// with its first row.
func (w *World) awaitRows(ctx context.Context, table string, want rows) error {
	var seen rows
	var twice []int
	var asked error
	err := w.await(ctx, "the rows of "+table, func(ctx context.Context) bool {
		seen, twice, asked = w.published(ctx, table)
		return asked == nil && len(seen) >= len(want)
	})
	if err != nil {
		return fmt.Errorf("%w; got %d, want %d (%v)", err, len(seen), len(want), asked)
	}
	if len(twice) > 0 {
		return fmt.Errorf("rows %v of %s came twice", twice, table)
	}
	for id, row := range seen {
		if !maps.Equal(row, want[id]) {
			return fmt.Errorf("row %d of %s came as %v, want %v", id, table, row, want[id])
		}
	}
	return nil
}

// published reads the rows of a table from its topic, and which came more than
// once.
func (w *World) published(ctx context.Context, table string) (rows, []int, error) {
	seen := rows{}
	var twice []int
	err := kafkaclient.ReadToEnd(ctx, w.Kafka(), install.Source+".shop."+table, func(m *kafka.Message) error {
		var e struct{ After map[string]int }
		if err := json.Unmarshal(m.Value, &e); err != nil {
			return fmt.Errorf("read the row change at %s: %w", m.TopicPartition, err)
		}
		id := e.After["id"]
		if _, again := seen[id]; again {
			twice = append(twice, id)
		}
		seen[id] = e.After
		return nil
	})
	return seen, twice, err
}

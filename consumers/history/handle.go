package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"telltale/consumers"
)

// handle writes the rows of a batch, in three statements whatever its size.
// Numbers need no lock: a customer's events are in one partition, and the
// engine's transaction is the only one that handles it.
func handle(ctx context.Context, tx *sql.Tx, batch []consumers.Delivery) error {
	known, err := knownEvents(ctx, tx, batch)
	if err != nil {
		return err
	}
	last, err := lastNumbers(ctx, tx, batch)
	if err != nil {
		return err
	}
	var rows []Change
	for _, d := range batch {
		if known[d.ID] {
			continue // It came again under its id (I7).
		}
		known[d.ID] = true
		if err := d.RequireKey(); err != nil {
			return err
		}
		fs, err := fields(d)
		if err != nil {
			return err
		}
		for _, f := range fs {
			last[d.Key]++
			rows = append(rows, Change{
				Customer: d.Key, Number: last[d.Key], EventID: d.ID, Type: d.Type, What: f.what, Old: f.old, New: f.new,
				At: d.Time.UTC(), Actor: d.Actor, Request: d.Request,
			})
		}
	}
	return insert(ctx, tx, rows)
}

// knownEvents returns which of a batch's events have rows.
func knownEvents(ctx context.Context, tx *sql.Tx, batch []consumers.Delivery) (map[string]bool, error) {
	ids := make([]any, len(batch))
	for i, d := range batch {
		ids[i] = d.ID
	}
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT event_id FROM history_changes WHERE event_id IN ("+marks(len(ids))+")", ids...)
	if err != nil {
		return nil, fmt.Errorf("look for %d events in the history: %w", len(ids), err)
	}
	defer rows.Close()
	known := make(map[string]bool)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for %d events in the history: %w", len(ids), err)
		}
		known[id] = true
	}
	return known, rows.Err()
}

// lastNumbers returns the highest number of each of a batch's customers.
func lastNumbers(ctx context.Context, tx *sql.Tx, batch []consumers.Delivery) (map[string]uint64, error) {
	last := make(map[string]uint64)
	var keys []any
	for _, d := range batch {
		if _, seen := last[d.Key]; !seen {
			last[d.Key] = 0
			keys = append(keys, d.Key)
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT customer_id, MAX(number) FROM history_changes WHERE customer_id IN ("+marks(len(keys))+") GROUP BY customer_id", keys...)
	if err != nil {
		return nil, fmt.Errorf("look for the last numbers of %d customers: %w", len(keys), err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var n uint64
		if err := rows.Scan(&key, &n); err != nil {
			return nil, fmt.Errorf("look for the last numbers of %d customers: %w", len(keys), err)
		}
		last[key] = n
	}
	return last, rows.Err()
}

func insert(ctx context.Context, tx *sql.Tx, rows []Change) error {
	if len(rows) == 0 {
		return nil
	}
	const row = "(?,?,?,?,?,?,?,?,?,?)"
	query := "INSERT INTO history_changes (customer_id, number, event_id, type, what, old_value, new_value, at, actor, request) VALUES " +
		strings.Repeat(row+",", len(rows)-1) + row
	args := make([]any, 0, 10*len(rows))
	for _, r := range rows {
		args = append(args, r.Customer, r.Number, r.EventID, r.Type, r.What, r.Old, r.New, r.At, r.Actor, r.Request)
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("write %d rows of history: %w", len(rows), err)
	}
	return nil
}

func marks(n int) string { return strings.Repeat("?,", n-1) + "?" }

package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Change is one row of a customer's history.
type Change struct {
	// Customer is the customer's id, and Number counts her rows from 1.
	Customer string
	Number   uint64
	// EventID and Type are the event's; one event may have changed several
	// fields.
	EventID, Type string
	// What is the field that changed; "sign_in", whose New is the address; or
	// "data", whose New is the JSON of what an event holds beside such fields.
	What string
	// Old and New are the values; nil: there was none. Text is as it was, all
	// else is JSON.
	Old, New *string
	// At is when it was committed, in UTC.
	At time.Time
	// Actor and Request say who did it, and by which request of the application;
	// empty: not known.
	Actor, Request string
}

// Page says which part of a customer's history to read.
type Page struct {
	// After is the number of the last row that the reader has. 0: from the start.
	After uint64
	// Limit is how many rows to return at most. Default 100, at most 1000.
	Limit int
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// columns are read without regard to the session's time zone or to what the
// driver makes of times.
const columns = `customer_id, number, event_id, type, what, old_value, new_value,
TIMESTAMPDIFF(MICROSECOND, '1970-01-01', at), actor, request`

// Of returns a page of a customer's history, the oldest first. There is none
// where the consumer has not made its table yet.
func Of(ctx context.Context, db *sql.DB, customer string, page Page) ([]Change, error) {
	const query = "SELECT " + columns + " FROM history_changes WHERE customer_id = ? AND number > ? ORDER BY number LIMIT ?"
	changes, err := read(ctx, db, query, customer, page.After, bounded(page.Limit))
	if err != nil {
		return nil, fmt.Errorf("read the history of customer %s after %d: %w", customer, page.After, err)
	}
	return changes, nil
}

// OfEvents returns all rows of some events, each customer's oldest first. An
// event that is not in the history yet has none.
func OfEvents(ctx context.Context, db *sql.DB, events []string) ([]Change, error) {
	if len(events) == 0 {
		return nil, nil
	}
	query := "SELECT " + columns + " FROM history_changes WHERE event_id IN (" + marks(len(events)) + ") ORDER BY customer_id, number"
	ids := make([]any, len(events))
	for i, id := range events {
		ids[i] = id
	}
	changes, err := read(ctx, db, query, ids...)
	if err != nil {
		return nil, fmt.Errorf("read the history of %d events: %w", len(events), err)
	}
	return changes, nil
}

func bounded(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}

func read(ctx context.Context, db *sql.DB, query string, args ...any) ([]Change, error) {
	const erNoSuchTable = 1146
	rows, err := db.QueryContext(ctx, query, args...)
	var m *mysql.MySQLError
	if errors.As(err, &m) && m.Number == erNoSuchTable {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var changes []Change
	for rows.Next() {
		var c Change
		var micros int64
		if err := rows.Scan(&c.Customer, &c.Number, &c.EventID, &c.Type, &c.What, &c.Old, &c.New, &micros, &c.Actor, &c.Request); err != nil {
			return nil, err
		}
		c.At = time.UnixMicro(micros).UTC()
		changes = append(changes, c)
	}
	return changes, rows.Err()
}

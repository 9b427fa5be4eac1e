package load

import (
	"context"
	"database/sql"
	"fmt"
)

// Verify compares the tables with the history, which shows that the history is
// right. Nobody else may have written.
func (l *Load) Verify(ctx context.Context) error {
	customers, signIns := map[uint64]Customer{}, map[uint64]SignIn{}
	for _, w := range l.writers {
		for id, c := range w.rows {
			customers[id] = c
		}
		for _, all := range w.signIns {
			for _, s := range all {
				signIns[s.ID] = s
			}
		}
	}
	const names = "SELECT id, email, name, COALESCE(phone, ''), version FROM customers"
	err := same(ctx, l.db, names, customers, func(c *Customer) (*uint64, []any) {
		return &c.ID, []any{&c.ID, &c.Email, &c.Name, &c.Phone, &c.Version}
	})
	if err != nil {
		return fmt.Errorf("compare the customers with the load's history: %w", err)
	}
	const seen = "SELECT id, customer_id, address, user_agent, DATE_FORMAT(signed_in_at, '%Y-%m-%dT%H:%i:%s.%fZ') FROM sign_ins"
	err = same(ctx, l.db, seen, signIns, func(s *SignIn) (*uint64, []any) {
		return &s.ID, []any{&s.ID, &s.CustomerID, &s.Address, &s.UserAgent, &s.At}
	})
	if err != nil {
		return fmt.Errorf("compare the sign-ins with the load's history: %w", err)
	}
	return nil
}

// same compares the rows of a query with those wanted, by id.
func same[T comparable](ctx context.Context, db *sql.DB, query string, want map[uint64]T, targets func(*T) (*uint64, []any)) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := 0
	for rows.Next() {
		var got T
		id, into := targets(&got)
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if want[*id] != got {
			return fmt.Errorf("the table has %+v, the history %+v", got, want[*id])
		}
		found++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if found != len(want) {
		return fmt.Errorf("the table has %d rows, the history %d", found, len(want))
	}
	return nil
}

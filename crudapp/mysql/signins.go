package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"telltale/crudapp"
)

// CreateSignIn implements crudapp.Store. Both inserts share a lock on the row of
// the customer, which the first one has to wait for, and take no other that
// anybody holds.
func (s *Store) CreateSignIn(ctx context.Context, session crudapp.Session, in crudapp.SignedIn) error {
	return s.inTxAgain(ctx, fmt.Sprintf("sign in customer %d", in.CustomerID), func(tx *sql.Tx) error {
		if err := insertSession(ctx, tx, session); err != nil {
			return err
		}
		_, err := exec(ctx, tx, `INSERT INTO sign_ins (customer_id, address, user_agent, signed_in_at) VALUES (?, ?, ?, ?)`,
			in.CustomerID, in.Address, in.UserAgent, in.At)
		if err != nil {
			return fmt.Errorf("insert a sign-in of customer %d: %w", in.CustomerID, err)
		}
		return nil
	})
}

// SignIns implements crudapp.Store.
func (s *Store) SignIns(ctx context.Context, customerID uint64, limit int) ([]crudapp.SignedIn, error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT id, customer_id, address, user_agent, signed_in_at FROM sign_ins WHERE customer_id = ? ORDER BY id DESC LIMIT ?`,
		customerID, limit)
	if err != nil {
		return nil, fmt.Errorf("read sign-ins of customer %d: %w", customerID, err)
	}
	defer rows.Close()
	var found []crudapp.SignedIn
	for rows.Next() {
		var in crudapp.SignedIn
		if err := rows.Scan(&in.ID, &in.CustomerID, &in.Address, &in.UserAgent, &in.At); err != nil {
			return nil, fmt.Errorf("read a sign-in of customer %d: %w", customerID, err)
		}
		found = append(found, in)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sign-ins of customer %d: %w", customerID, err)
	}
	return found, nil
}

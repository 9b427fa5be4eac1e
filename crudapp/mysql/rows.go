package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"telltale/crudapp/catalogue"
)

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// collect reads all rows with scan, and closes them.
func collect[T any](rows *sql.Rows, scan func(row) (T, error)) ([]T, error) {
	defer rows.Close()
	var found []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}

// amount scans a DECIMAL column into a.
func amount(a *catalogue.Amount) sql.Scanner { return decimal{a} }

// decimal is the target of a DECIMAL column, which the driver returns as text.
type decimal struct{ to *catalogue.Amount }

// Scan implements sql.Scanner.
func (d decimal) Scan(value any) (err error) {
	text, ok := value.([]byte)
	if !ok {
		return fmt.Errorf("read %T as an amount: want the text of a DECIMAL", value)
	}
	*d.to, err = catalogue.ParseAmount(string(text))
	return err
}

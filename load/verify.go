package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Final is what a record says that its tables hold: the newest row of each key,
// empty where it was deleted.
type Final struct {
	rows map[string]map[Row]Row
}

// NewFinal is that of an empty record.
func NewFinal() *Final { return &Final{rows: map[string]map[Row]Row{}} }

// ReadFinal goes through a record to its end.
func ReadFinal(from io.Reader) (*Final, error) {
	f, r := NewFinal(), NewRecordReader(from)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil {
			err = f.Add(e)
		}
		if err != nil {
			return nil, err
		}
	}
}

// Add goes on by a transaction.
func (f *Final) Add(e Entry) error {
	if !e.Outcome.Took() && e.Outcome != Read {
		return nil
	}
	for _, c := range e.Changes {
		if c.Key == "" {
			continue // The API does not say which row it was.
		}
		rows := f.rows[c.Table]
		if rows == nil {
			rows = map[Row]Row{}
			f.rows[c.Table] = rows
		}
		if c.Table == Stock {
			newer, err := newerVersion(rows[c.Key], c.After)
			if err != nil {
				return err
			}
			if !newer {
				continue
			}
		}
		rows[c.Key] = c.After
	}
	return nil
}

// newerVersion orders the rows that several workers change.
func newerVersion(before, after Row) (bool, error) {
	if before == "" || after == "" {
		return true, nil
	}
	b, err := before.version()
	if err != nil {
		return false, err
	}
	a, err := after.version()
	return a > b, err
}

// Verify compares the tables with what the record says of them, which shows that
// the record is right. Rows of which it says nothing are passed over.
func (f *Final) Verify(ctx context.Context, db *sql.DB) error {
	for _, t := range Tables() {
		if err := f.verify(ctx, db, t); err != nil {
			return fmt.Errorf("compare the table %s with the record: %w", t.Name, err)
		}
	}
	return nil
}

func (f *Final) verify(ctx context.Context, db *sql.DB, t Table) error {
	pairs := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		pairs[i] = fmt.Sprintf("'%s', %s", c.Name, c.SQL)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET time_zone = '+00:00'"); err != nil {
		return err
	}
	found, err := conn.QueryContext(ctx, "SELECT JSON_OBJECT("+strings.Join(pairs, ", ")+") FROM "+t.Name)
	if err != nil {
		return err
	}
	defer found.Close()
	seen := map[Row]bool{}
	for found.Next() {
		var text []byte
		if err := found.Scan(&text); err != nil {
			return err
		}
		key, err := f.compare(t, text)
		if err != nil {
			return err
		}
		seen[key] = true
	}
	if err := found.Err(); err != nil {
		return err
	}
	for key, row := range f.rows[t.Name] {
		if row != "" && !seen[key] {
			return fmt.Errorf("the record has %s, the table nothing", row)
		}
	}
	return nil
}

// compare compares a row of the table, in the columns that the record has.
func (f *Final) compare(t Table, text []byte) (Row, error) {
	row, err := parseRow(text)
	if err != nil {
		return "", err
	}
	key, err := row.Only(t.Key)
	if err != nil {
		return "", err
	}
	want, known := f.rows[t.Name][key]
	if !known {
		return key, nil
	}
	columns, err := want.columns()
	if err != nil {
		return "", err
	}
	got, err := row.Only(columns)
	if err == nil && got != want {
		err = fmt.Errorf("the table has %s, the record %q", got, want)
	}
	return key, err
}

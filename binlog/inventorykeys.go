package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// indexPart is a line of SHOW INDEX.
type indexPart struct {
	index, column string
	unique, null  bool
	prefix        int
}

// keys fills in the key of each table as its table maps have it: the primary
// key, or else the first unique one that is not null and over whole columns.
func (s *server) keys(ctx context.Context, tables []tableDef) error {
	for i := range tables {
		t := &tables[i]
		parts, err := s.indexes(ctx, t.db, t.table)
		if err != nil {
			return fmt.Errorf("read the keys of %s.%s: %w", t.db, t.table, err)
		}
		t.key = t.keyOf(parts)
	}
	return nil
}

// indexes reads the parts of a table's keys in the server's order.
func (s *server) indexes(ctx context.Context, db, table string) ([]indexPart, error) {
	rows, err := s.db.QueryContext(ctx, "SHOW INDEX FROM "+quoteName(db)+"."+quoteName(table))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, targets := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	get := func(name string) string {
		if i := slices.Index(names, name); i >= 0 {
			return values[i].String
		}
		return ""
	}
	var parts []indexPart
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		p := indexPart{index: get("Key_name"), column: get("Column_name"), unique: get("Non_unique") == "0", null: get("Null") == "YES"}
		if length := get("Sub_part"); length != "" {
			if _, err := fmt.Sscan(length, &p.prefix); err != nil {
				return nil, fmt.Errorf("read the length %q of a prefix: %w", length, err)
			}
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// keyOf chooses among a table's keys.
func (t *tableDef) keyOf(parts []indexPart) []keyPart {
	for len(parts) > 0 {
		end := slices.IndexFunc(parts, func(p indexPart) bool { return p.index != parts[0].index })
		if end < 0 {
			end = len(parts)
		}
		if key := t.keyOfIndex(parts[:end]); key != nil {
			return key
		}
		parts = parts[end:]
	}
	return nil
}

// keyOfIndex returns an index's columns, or nil where it is no key of the rows.
func (t *tableDef) keyOfIndex(parts []indexPart) []keyPart {
	var key []keyPart
	for _, p := range parts {
		if !p.unique || p.null || p.prefix != 0 && p.index != "PRIMARY" {
			return nil
		}
		i := slices.IndexFunc(t.columns, func(c columnDef) bool { return c.name == p.column })
		if i < 0 { // An expression.
			return nil
		}
		key = append(key, keyPart{column: i, prefix: p.prefix})
	}
	return key
}

package binlog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"telltale/internal/nearest"
	"telltale/internal/preflight"
)

// MessageKey says by which columns a table's records are keyed in the place of
// its primary key, as Debezium's message.key.columns does: for tables without a
// key, and for those whose readers want another order.
type MessageKey struct {
	// Table is `<db>.<table>`, no pattern.
	Table string
	// Columns are the key's, in its order. They need not be unique together, and
	// may be null.
	Columns []string
}

// messageKeys are the keys' columns by `<db>.<table>`.
type messageKeys map[string][]string

// keyColumns is where they are configured.
const keyColumns = "source.message_key_columns"

func newMessageKeys(keys []MessageKey, rs routes) (messageKeys, error) {
	all := messageKeys{}
	for _, k := range keys {
		db, name, _ := strings.Cut(k.Table, ".")
		unique := slices.Compact(slices.Sorted(slices.Values(k.Columns)))
		switch {
		case db == "" || name == "" || strings.Contains(k.Table, "*"):
			return nil, fmt.Errorf("%s: table %q: want the name of one table, db.table", keyColumns, k.Table)
		case all[k.Table] != nil:
			return nil, fmt.Errorf("%s: table %s is there twice", keyColumns, k.Table)
		case rs[k.Table] != nil:
			return nil, fmt.Errorf("%s: table %s is keyed by the root of its aggregate", keyColumns, k.Table)
		case len(unique) == 0 || len(unique) != len(k.Columns):
			return nil, fmt.Errorf("%s: table %s: want columns, each once, not %q", keyColumns, k.Table, k.Columns)
		}
		all[k.Table] = k.Columns
	}
	return all, nil
}

// of returns the key of a table: the one that is asked for, or its own.
func (m messageKeys) of(d tableDef) ([]keyPart, error) {
	names := m[d.db+"."+d.table]
	if names == nil {
		return d.key, nil
	}
	var key []keyPart
	for _, name := range names {
		i := slices.IndexFunc(d.columns, func(c columnDef) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("table %s.%s has no column %s to key its records by (%s): %w", d.db, d.table, name, d.suggest(name), errKeyColumn)
		}
		key = append(key, keyPart{column: i})
	}
	return key, nil
}

// suggest says which column may be meant by a name, or which there are.
func (d tableDef) suggest(name string) string {
	var names []string
	for _, c := range d.columns {
		names = append(names, c.name)
	}
	if near := nearest.Of(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "it has " + strings.Join(names, ", ")
}

// check finds the tables that are not among the captured ones.
func (m messageKeys) check(defs []tableDef) preflight.Findings {
	var found preflight.Findings
	for _, table := range slices.Sorted(maps.Keys(m)) {
		if !slices.ContainsFunc(defs, func(d tableDef) bool { return d.db+"."+d.table == table }) {
			found.Add(fmt.Sprintf("table %s is not among the tables that are captured", table), keyColumns,
				"correct its name, create the table, GRANT SELECT on it, or have source.tables match it")
		}
	}
	return found
}

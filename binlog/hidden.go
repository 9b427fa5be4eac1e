package binlog

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/preflight"
)

// hidden finds tables whose rows can change without a row event (I1), or whose
// row events say something else, and says why.
type hidden struct{ query, what string }

// checkHiddenChanges finds such tables among the captured ones: those that a
// foreign key changes in the storage engine, and what only one kind of server has.
func (s *server) checkHiddenChanges(ctx context.Context, f filter, defs []tableDef, cascades bool) (preflight.Findings, error) {
	var found preflight.Findings
	for _, h := range s.dialect.hidden() {
		names, err := s.names(ctx, h.query, f)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			found.Add("table "+name+" "+h.what, "source.tables", "take it out: source.exclude_tables: ["+name+"]")
		}
	}
	if !cascades {
		return found, nil
	}
	for _, d := range defs {
		is, err := s.cascades(ctx, d)
		if err != nil {
			return nil, err
		}
		if is {
			name := d.db + "." + d.table
			found.Add("table "+name+" has a foreign key that cascades, which this server logs nowhere", "source.tables",
				"drop the cascade, or take it out: source.exclude_tables: ["+name+"]")
		}
	}
	return found, nil
}

// names returns the captured tables among those that a query returns.
func (s *server) names(ctx context.Context, query string, f filter) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the information schema: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var db, table string
		if err := rows.Scan(&db, &table); err != nil {
			return nil, fmt.Errorf("read the information schema: %w", err)
		}
		if f.captures(db, table) {
			names = append(names, db+"."+table)
		}
	}
	return names, rows.Err()
}

// cascades reports whether a foreign key of the table changes its rows. It reads
// the table's definition: the information schema shows foreign keys only to those
// who may do more than SELECT.
func (s *server) cascades(ctx context.Context, d tableDef) (bool, error) {
	var name, definition string
	query := "SHOW CREATE TABLE " + quoteName(d.db) + "." + quoteName(d.table)
	if err := s.db.QueryRowContext(ctx, query).Scan(&name, &definition); err != nil {
		return false, fmt.Errorf("read the definition of %s.%s: %w", d.db, d.table, err)
	}
	words, ok := tokensOf([]byte(definition), sqlMode{mariadb: s.dialect.flavor() == mysql.MariaDBFlavor})
	if !ok {
		return false, fmt.Errorf("the definition of %s.%s ends inside of quotes", d.db, d.table)
	}
	return cascading(words), nil
}

// cascading reports whether ON DELETE or ON UPDATE is followed by CASCADE or SET
// NULL.
func cascading(words []sqlToken) bool {
	for i := range len(words) - 2 {
		if !words[i].is("ON") || !isAny(words[i+1], "DELETE", "UPDATE") {
			continue
		}
		if isAny(words[i+2], "CASCADE", "SET") { // SET NULL; SET DEFAULT is no rule of InnoDB's.
			return true
		}
	}
	return false
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

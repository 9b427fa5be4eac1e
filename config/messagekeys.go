package config

import "strings"

// messageKeys checks what can be seen without the server; that tables and columns
// are there, the binlog stage checks before it starts.
func (l loader) messageKeys() {
	tables := map[string]bool{}
	for _, a := range l.Source.Aggregates {
		for _, t := range a.Tables {
			tables[t.Table] = true
		}
	}
	for i, k := range l.Source.MessageKeyColumns {
		key := item("source.message_key_columns", i)
		db, table, _ := strings.Cut(k.Table, ".")
		switch {
		case k.Table == "":
			l.found.missing(key+".table", "`%s.table` in %v is not set", key, l.origins.of(key))
		case db == "" || table == "" || strings.Contains(k.Table, "*"):
			l.wrong(key+".table", "%q is no table db.table, for example shop.customers", k.Table)
		case tables[k.Table]:
			l.wrong(key+".table", "%s has a key already: it is in an aggregate, or named above", k.Table)
		}
		tables[k.Table] = true
		if len(k.Columns) == 0 {
			l.found.missing(key+".columns", "`%s.columns` in %v is not set: the columns that records are keyed by", key, l.origins.of(key))
		}
	}
}

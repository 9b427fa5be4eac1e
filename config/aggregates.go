package config

import (
	"regexp"
	"slices"
	"strings"
)

// aggregateName is what the last part of a raw topic's name can be made of.
var aggregateName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// reservedAggregates would take the names of the source's other topics.
var reservedAggregates = []string{"positions", "schemas", "control", "dead-letters", "transaction"}

// aggregates checks what can be seen without the server; that tables and columns
// are there, the binlog stage checks before it starts.
func (l loader) aggregates() {
	names, tables := make(map[string]bool), make(map[string]bool)
	for i, a := range l.Source.Aggregates {
		key := item("source.aggregates", i)
		l.aggregateName(key, a.Name, names)
		if len(a.Tables) == 0 {
			l.wrong(key, "aggregate %q has no tables; the first is the root's, for example {table: shop.customers, key: id}", a.Name)
		}
		for j, t := range a.Tables {
			at := item(key+".tables", j)
			l.aggregateTable(at, t)
			if tables[t.Table] && t.Table != "" {
				l.wrong(at+".table", "%s is in an aggregate already; a change goes to one topic", t.Table)
			}
			tables[t.Table] = true
		}
	}
}

func (l loader) aggregateName(key, name string, taken map[string]bool) {
	switch {
	case name == "":
		l.found.missing(key+".name", "`%s.name` in %v is not set", key, l.origins.of(key))
	case !aggregateName.MatchString(name):
		l.wrong(key+".name", "%q does not match [A-Za-z0-9_-]{1,100}, which the topic's name is made from", name)
	case slices.Contains(reservedAggregates, name):
		l.wrong(key+".name", "%q names another topic of the source; choose another name", name)
	case taken[name]:
		l.wrong(key+".name", "%q is there twice; list all its tables in one entry", name)
	}
	taken[name] = true
}

func (l loader) aggregateTable(key string, t AggregateTable) {
	if t.Table == "" {
		l.found.missing(key+".table", "`%s.table` in %v is not set", key, l.origins.of(key))
	} else if db, table, ok := strings.Cut(t.Table, "."); !ok || db == "" || table == "" || strings.Contains(t.Table, "*") {
		l.wrong(key+".table", "%q is no table db.table, for example shop.customers; patterns cannot be routed", t.Table)
	}
	if t.Key == "" {
		l.found.missing(key+".key", "`%s.key` in %v is not set: the column that holds the root's key", key, l.origins.of(key))
	}
}

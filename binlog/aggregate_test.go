package binlog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/preflight"
)

// signIns is a table whose rows belong to customers; step counts what happens to
// a customer, whatever the table.
const signIns = `CREATE TABLE sign_ins (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, customer_id int unsigned NOT NULL,
	address varchar(45) NOT NULL, secret json, step int NOT NULL DEFAULT 0)`

func customerAggregate() []Aggregate {
	return []Aggregate{{Name: "customer", Tables: []AggregateTable{
		{Table: "shop.customers", Key: "id"}, {Table: "shop.sign_ins", Key: "customer_id"},
	}}}
}

func newAggregateHarness(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	h.o.Aggregates = customerAggregate()
	h.exec(t, customers, signIns)
	return h
}

// byKey lists the records of each key in their order, as table, op, change and
// header, and checks that each stands in the partition of its key.
func byKey(t *testing.T, rs []got) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range rs {
		if r.Value == nil {
			t.Errorf("key %s has a tombstone", r.Key)
			continue
		}
		_, id, _ := strings.Cut(strings.TrimPrefix(r.ID, *r.Source.GTID), ":")
		line := fmt.Sprintf("%s %s", r.Op, id)
		for _, header := range headers(r) {
			line += " " + header
		}
		out[string(r.Key)] = append(out[string(r.Key)], line)
		if want := kafkaclient.Partition(r.Key, 3); r.TopicPartition.Partition != want {
			t.Errorf("%s stands in partition %d, want %d", r.ID, r.TopicPartition.Partition, want)
		}
	}
	return out
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	h := newAggregateHarness(t)
	h.exec(t, "CREATE TABLE notes (id int PRIMARY KEY)")
	h.start(t)
	h.exec(t,
		"INSERT INTO customers (id, name) VALUES (7, 'Bob'), (8, 'Carol')",
		"INSERT INTO sign_ins (customer_id, address, secret) VALUES (7, '203.0.113.1', '{}')",
		"UPDATE customers SET name = 'Alice' WHERE id = 7",
		"START TRANSACTION",
		"INSERT INTO sign_ins (customer_id, address) VALUES (7, '203.0.113.2'), (8, '203.0.113.3')",
		"UPDATE customers SET name = 'Eve' WHERE id = 7",
		"INSERT INTO notes VALUES (1)",
		"INSERT INTO sign_ins (customer_id, address) VALUES (7, '203.0.113.4')",
		"COMMIT",
		"UPDATE sign_ins SET customer_id = 8 WHERE id = 1",
		"UPDATE sign_ins SET id = 100 WHERE id = 1",
		"DELETE FROM sign_ins WHERE customer_id = 8",
		"UPDATE customers SET id = 9 WHERE id = 7",
		"DELETE FROM customers WHERE id = 9",
	)
	h.published(t)
	rs := h.topic(t, "shop.customer", 16)
	got := byKey(t, rs)
	for key, want := range map[string][]string{
		`{"id":7}`: {
			"c shop.customers:0", "c shop.sign_ins:0", "u shop.customers:0",
			"c shop.sign_ins:0", "u shop.customers:0", "c shop.sign_ins:2",
			`d shop.sign_ins:0- __debezium.newkey={"id":8}`, `d shop.customers:0- __debezium.newkey={"id":9}`,
		},
		`{"id":8}`: {
			"c shop.customers:1", "c shop.sign_ins:1", `c shop.sign_ins:0+ __debezium.oldkey={"id":7}`,
			"u shop.sign_ins:0", "d shop.sign_ins:0", "d shop.sign_ins:1",
		},
		`{"id":9}`: {`c shop.customers:0+ __debezium.oldkey={"id":7}`, "d shop.customers:0"},
	} {
		if g, w := strings.Join(got[key], "\n"), strings.Join(want, "\n"); g != w {
			t.Errorf("key %s:\ngot  %s\nwant %s", key, g, w)
		}
	}
	checkLast(t, rs)
	if first := string(rs[0].After); strings.Contains(first, "secret") {
		t.Errorf("got the denied column in %s", first)
	}
	h.records(t, "notes", 1)
	h.mustStop(t)
}

// checkLast checks that of each transaction exactly the last record of a
// partition says so, whichever table it is of.
func checkLast(t *testing.T, rs []got) {
	t.Helper()
	type part struct {
		gtid      string
		partition int32
	}
	last := map[part]int{}
	for i, r := range rs {
		last[part{*r.Source.GTID, r.TopicPartition.Partition}] = i
	}
	for i, r := range rs {
		want := last[part{*r.Source.GTID, r.TopicPartition.Partition}] == i
		if r.Transaction.Last != want {
			t.Errorf("%s says last = %t, want %t", r.ID, r.Transaction.Last, want)
		}
	}
}

// What happens to a customer keeps its order across tables while the reader is
// stopped and started again (I1, I2).
func TestAggregateAcrossRestarts(t *testing.T) {
	t.Parallel()
	h := newAggregateHarness(t)
	h.start(t)
	const ids, steps = 5, 300
	for id := 1; id <= ids; id++ {
		h.exec(t, fmt.Sprintf("INSERT INTO customers (id, name, version) VALUES (%d, 'x', 1)", id))
	}
	wrote := make(chan error, 1)
	go func() {
		for step := 2; step <= steps; step++ {
			for id := 1; id <= ids; id++ {
				q := "UPDATE customers SET version = ? WHERE id = ?"
				if (step+id)%3 == 0 {
					q = "INSERT INTO sign_ins (address, step, customer_id) VALUES ('', ?, ?)"
				}
				if _, err := h.db.Exec(q, step, id); err != nil {
					wrote <- err
					return
				}
			}
		}
		wrote <- nil
	}()
	for range 3 {
		time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
		h.mustStop(t)
		h.start(t)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	h.published(t)
	newest := map[string]int{}
	for _, r := range h.topic(t, "shop.customer", ids*steps) {
		field := `"version":`
		if r.Source.Table == "sign_ins" {
			field = `"step":`
		}
		var step int
		if _, err := fmt.Sscanf(string(r.After[strings.Index(string(r.After), field):]), field+"%d", &step); err != nil {
			t.Fatal(err)
		}
		if step != newest[string(r.Key)]+1 {
			t.Fatalf("key %s: step %d follows %d", r.Key, step, newest[string(r.Key)])
		}
		newest[string(r.Key)] = step
	}
	h.mustStop(t)
}

// A key that is altered under the reader stops it where it would part the
// changes of one root.
func TestAggregateKeyIsAltered(t *testing.T) {
	t.Parallel()
	h := newAggregateHarness(t)
	ended := h.start(t)
	h.exec(t, "INSERT INTO customers (id, name) VALUES (7, 'Bob')",
		"ALTER TABLE sign_ins MODIFY customer_id bigint NOT NULL", "INSERT INTO sign_ins (customer_id, address) VALUES (7, 'x')",
		"ALTER TABLE sign_ins MODIFY customer_id varchar(20) NOT NULL", "INSERT INTO sign_ins (customer_id, address) VALUES (7, 'y')")
	select {
	case err := <-ended:
		var stop *StopError
		const want = "table shop.sign_ins, key column customer_id of aggregate customer, is text in JSON, and its root shop.customers.id is a whole number"
		if !errors.As(err, &stop) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a StopError with %q in it", err, want)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
	if got := byKey(t, h.topic(t, "shop.customer", 2)); len(got[`{"id":7}`]) != 2 {
		t.Errorf("got %v, want what stood before", got)
	}
}

func TestAggregatePreflight(t *testing.T) {
	t.Parallel()
	h := newAggregateHarness(t)
	h.exec(t, "CREATE TABLE nulls (id int PRIMARY KEY, customer_id bigint)",
		"CREATE TABLE texts (id int PRIMARY KEY, customer_id varchar(20) NOT NULL)",
		"CREATE TABLE other (id int PRIMARY KEY)")
	for _, tt := range []struct {
		name  string
		table AggregateTable
		want  string
	}{
		{"a table that is not there", AggregateTable{"shop.sign_inz", "customer_id"}, "table shop.sign_inz of aggregate customer is not among the tables that are captured\n  where: source.aggregates\n  mend: correct its name, create the table, GRANT SELECT on it, or have source.tables match it; did you mean shop.sign_ins?"},
		{"a table that is not captured", AggregateTable{"shop.other", "id"}, "table shop.other of aggregate customer is not among"},
		{"a column that is not there", AggregateTable{"shop.sign_ins", "customer"}, "table shop.sign_ins, key column customer of aggregate customer, is not there\n  where: source.aggregates\n  mend: correct its key in source.aggregates; the table has id, customer_id, address, secret, step"},
		{"a near column", AggregateTable{"shop.sign_ins", "custmer_id"}, "did you mean customer_id?"},
		{"a denied column", AggregateTable{"shop.sign_ins", "secret"}, "key column secret of aggregate customer, is denied by source.columns"},
		{"a column that may be null", AggregateTable{"shop.nulls", "customer_id"}, "ALTER TABLE shop.nulls MODIFY customer_id bigint NOT NULL"},
		{"another type", AggregateTable{"shop.texts", "customer_id"}, "key column customer_id of aggregate customer, is text in JSON, and its root shop.customers.id is a whole number\n  where: source.aggregates\n  mend: give both one type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := h.o
			o.ExcludeTables = []string{"shop.other"}
			o.Aggregates = customerAggregate()
			o.Aggregates[0].Tables[1] = tt.table
			err := Check(t.Context(), o)
			if found, ok := errors.AsType[preflight.Findings](err); !ok || len(found) != 1 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want one finding with %q in it", err, tt.want)
			}
		})
	}
	if err := Check(t.Context(), h.o); err != nil {
		t.Errorf("Check of what is right: %v", err)
	}
}

func TestAggregatesThatCannotBe(t *testing.T) {
	t.Parallel()
	one := func(name string, tables ...AggregateTable) []Aggregate { return []Aggregate{{name, tables}} }
	customer := AggregateTable{"shop.customers", "id"}
	for _, tt := range []struct {
		name string
		from []Aggregate
		want string
	}{
		{"no name", one("", customer), `the name "" does not match`},
		{"a dot in the name", one("shop.customer", customer), `the name "shop.customer" does not match`},
		{"a reserved name", one("positions", customer), `the name "positions" is that of a topic with another purpose`},
		{"a name twice", append(one("a", customer), one("a", AggregateTable{"shop.t", "id"})...), `"a" is there twice`},
		{"no tables", one("a"), `"a" has no tables`},
		{"a table in two", append(one("a", customer), one("b", customer)...), "table shop.customers is there twice"},
		{"a pattern", one("a", AggregateTable{"shop.*", "id"}), "want the name of one table"},
		{"no database", one("a", AggregateTable{"customers", "id"}), "want the name of one table"},
		{"no key", one("a", AggregateTable{"shop.customers", ""}), `with key ""`},
	} {
		if _, err := newFilter(Options{Aggregates: tt.from}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func TestKeyForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b  string
		equal bool
	}{
		{"bigint unsigned", "int", true},
		{"char(36)", "varchar(36)", true},
		{"char(36)", "binary(16)", false},
		{"binary(16)", "binary(16)", true},
		{"binary(16)", "varbinary(16)", false},
		{"varbinary(16)", "varbinary(20)", true},
		{"bigint", "varchar(20)", false},
		{"decimal(10,2)", "decimal(12,2) unsigned", true},
		{"decimal(10,2)", "decimal(10,3)", false},
		{"date", "date", true},
		{"datetime(3)", "datetime(6)", false},
		{"float", "double", false},
		{"bit(1)", "bit(8)", false},
	} {
		if got := keyForm(tt.a) == keyForm(tt.b); got != tt.equal {
			t.Errorf("%s and %s: got equal = %t, want %t", tt.a, tt.b, got, tt.equal)
		}
	}
}

// A denied column is passed over even where its values could not be published.
func TestDeniedColumnsOfAnyType(t *testing.T) {
	t.Parallel()
	colls := collations{63: {name: "binary", maxLen: 1}, 8: {name: "klingon", maxLen: 1}, 255: {name: "utf8mb4", maxLen: 4}}
	d := tableDef{db: "shop", table: "t", key: []keyPart{{column: 0}}, columns: []columnDef{
		{name: "id", kind: mysql.MYSQL_TYPE_TINY},
		{name: "j", kind: mysql.MYSQL_TYPE_JSON, length: 4},
		{name: "g", kind: mysql.MYSQL_TYPE_GEOMETRY, length: 4},
		{name: "v", kind: mysql.MYSQL_TYPE_VECTOR, length: 4},
		{name: "short", kind: mysql.MYSQL_TYPE_VARCHAR, length: 10, collation: 8},
		{name: "long", kind: mysql.MYSQL_TYPE_VARCHAR, length: 300, collation: 8},
		{name: "e", kind: mysql.MYSQL_TYPE_ENUM, length: 1, collation: 8, labels: []string{"\xe9"}},
		{name: "s", kind: mysql.MYSQL_TYPE_SET, length: 2, collation: 8},
		{name: "end", kind: mysql.MYSQL_TYPE_TINY},
	}}
	if _, err := newPlan(d, colls, encoding{}, filter{}); err == nil {
		t.Error("a table with columns that are not supported was taken")
	}
	var rules []ColumnRule
	for _, c := range d.columns[1:8] {
		rules = append(rules, ColumnRule{Match: "shop.t." + c.name, Do: "deny"})
	}
	p, err := newPlan(d, colls, encoding{}, filter{columns: rules})
	if err != nil {
		t.Fatal(err)
	}
	row := []byte{0, 0, 7, 2, 0, 0, 0, 'x', 'y', 1, 0, 0, 0, 'x', 0, 0, 0, 0, 1, 0xe9, 1, 0, 0xe9, 1, 0, 0, 9}
	got, n, err := p.appendImage(nil, row, []byte{0xff, 0x01}, &image{key: make([]span, 1)})
	if err != nil || string(got) != `{"id":7,"end":9}` || n != len(row) {
		t.Errorf("got %s of %d bytes, %v, want the columns that are not denied of %d", got, n, err, len(row))
	}
	for end := range row {
		if _, _, err := p.appendImage(nil, row[:end], []byte{0xff, 0x01}, &image{key: make([]span, 1)}); err == nil {
			t.Errorf("a row of %d bytes was taken", end)
		}
	}
}

// Readers of the raw topics go by a table's newest shape, which says how it is
// routed: one that comes back is published again.
func TestShapesFollowTheRouting(t *testing.T) {
	t.Parallel()
	h := newAggregateHarness(t)
	h.exec(t, "DROP TABLE sign_ins")
	routed := []Aggregate{{Name: "customer", Tables: []AggregateTable{{Table: "shop.customers", Key: "id"}}}}
	for _, aggregates := range [][]Aggregate{nil, routed, routed, nil} {
		h.o.Aggregates = aggregates
		h.start(t)
		h.mustStop(t)
	}
	var got []string
	for _, s := range h.shapes(t) {
		got = append(got, s.Topic("shop"))
	}
	if want := "shop.shop.customers shop.customer shop.shop.customers"; strings.Join(got, " ") != want {
		t.Errorf("got the shapes' topics %q, want %q", got, want)
	}
}

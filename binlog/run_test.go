package binlog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/schemas/change"
)

const customers = `CREATE TABLE customers (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(100) NOT NULL,
	secret varchar(20), phone varchar(32), balance decimal(12,2), created datetime(6), version int NOT NULL DEFAULT 1)`

func TestChangesOfRows(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testChangesOfRows)
}

func testChangesOfRows(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t,
		"INSERT INTO customers (id, name, secret, balance, created) VALUES (7, 'Bob', 'x', 10.5, '2024-03-10 02:30:00.123456') /*actor='customer%3A7',request_id='r1'*/",
		"UPDATE customers SET name = 'Alice', version = version + 1 WHERE id = 7",
		"UPDATE customers SET id = 8 WHERE id = 7",
		"DELETE FROM customers WHERE id = 8",
	)
	h.published(t)
	rs := h.records(t, "customers", 7)
	slices.SortFunc(rs, func(a, b got) int { return strings.Compare(order(a), order(b)) })
	const bob = `{"id":7,"name":"Bob","phone":null,"balance":"10.50","created":"2024-03-10T02:30:00.123456","version":1}`
	const alice = `{"id":7,"name":"Alice","phone":null,"balance":"10.50","created":"2024-03-10T02:30:00.123456","version":2}`
	const moved = `{"id":8,"name":"Alice","phone":null,"balance":"10.50","created":"2024-03-10T02:30:00.123456","version":2}`
	for i, want := range []struct{ key, op, before, after, half, header string }{
		{`{"id":7}`, "c", "null", bob, "", ""},
		{`{"id":7}`, "u", bob, alice, "", ""},
		{`{"id":7}`, "d", alice, "null", "-", `__debezium.newkey={"id":8}`},
		{`{"id":8}`, "c", "null", moved, "+", `__debezium.oldkey={"id":7}`},
		{`{"id":8}`, "d", moved, "null", "", ""},
	} {
		r := rs[i]
		if string(r.Key) != want.key || string(r.Op) != want.op || string(r.Before) != want.before || string(r.After) != want.after {
			t.Errorf("record %d: got %s %s %s %s, want %v", i, r.Key, r.Op, r.Before, r.After, want)
		}
		id := *r.Source.GTID + ":shop.customers:0" + want.half
		if r.ID != id {
			t.Errorf("record %d: got id %s, want %s", i, r.ID, id)
		}
		if header := strings.Join(headers(r), ","); header != want.header {
			t.Errorf("record %d: got headers %s, want %s", i, header, want.header)
		}
		if want := kafkaclient.Partition(r.Key, 3); r.TopicPartition.Partition != want {
			t.Errorf("record %d: got partition %d, want %d", i, r.TopicPartition.Partition, want)
		}
		if r.Source.DB != "shop" || r.Source.Table != "customers" || r.Source.Snapshot != "false" || r.Source.File == "" || r.Source.Pos == 0 || r.Source.TsUS == 0 {
			t.Errorf("record %d: got source %+v", i, r.Source)
		}
		if known := r.Source.Thread != nil; known == h.mariadb() || known && *r.Source.Thread == 0 {
			t.Errorf("record %d: got thread %v", i, r.Source.Thread)
		}
		if got, want := r.Source.Connector, string(servers.Flavor); got != want {
			t.Errorf("record %d: got connector %s, want %s", i, got, want)
		}
	}
	if got := rs[0].Context; got["actor"] != "customer:7" || got["request_id"] != "r1" || len(got) != 2 {
		t.Errorf("got context %v", got)
	}
	if got := rs[1].Context; got != nil {
		t.Errorf("an update without a comment has the context %v", got)
	}
	for _, r := range rs[5:] { // Sorted behind: the tombstones.
		if r.Value != nil {
			t.Errorf("got %s, want a tombstone", r.Value)
		}
	}
	h.mustStop(t)
}

// order sorts records by their change, tombstones last.
func order(r got) string {
	if r.Value == nil {
		return "z"
	}
	return fmt.Sprintf("%020d %s", r.Source.Pos, strings.NewReplacer("-", "0", "+", "1").Replace(r.ID[len(r.ID)-1:]))
}

func headers(r got) []string {
	var hs []string
	for _, h := range r.Headers {
		hs = append(hs, h.Key+"="+string(h.Value))
	}
	return hs
}

func TestTransactionsOfManyRows(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testTransactionsOfManyRows)
}

func testTransactionsOfManyRows(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, "CREATE TABLE notes (id int PRIMARY KEY, body longtext)")
	h.start(t)
	const rows = 500
	tx, err := h.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		// Bodies of 50 KiB: the transaction is many batches long.
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO notes VALUES (?, REPEAT('x', 51200))", i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO customers (name) VALUES ('a'), ('b')"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	h.exec(t, "DELETE FROM notes WHERE id = 3")
	p := h.published(t)
	if p.Last == "" || p.Fingerprint == "" {
		t.Errorf("got position %+v", p)
	}
	rs := h.records(t, "notes", rows+2)
	lasts, orders := map[int32]int{}, map[int64]bool{}
	for i, r := range rs {
		if r.Value == nil || r.Op == change.Delete {
			continue
		}
		orders[r.Transaction.TotalOrder] = true
		if r.Transaction.DataCollectionOrder != r.Transaction.TotalOrder || !strings.HasSuffix(r.ID, fmt.Sprintf(":shop.notes:%d", r.Transaction.TotalOrder-1)) {
			t.Errorf("got transaction %+v of %s", *r.Transaction, r.ID)
		}
		if !r.Transaction.Last {
			continue
		}
		lasts[r.TopicPartition.Partition]++
		// Nothing of the transaction may follow its last record.
		if i+1 < len(rs) && rs[i+1].TopicPartition.Partition == r.TopicPartition.Partition && rs[i+1].Op == change.Create {
			t.Errorf("%s follows the last record of its transaction", rs[i+1].ID)
		}
	}
	if len(orders) != rows || len(lasts) != 3 || lasts[0] != 1 || lasts[1] != 1 || lasts[2] != 1 {
		t.Errorf("got %d orders and last records by partition %v", len(orders), lasts)
	}
	h.mustStop(t)
}

func TestWhatIsNotPublished(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testWhatIsNotPublished)
}

func testWhatIsNotPublished(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, "CREATE DATABASE other", "CREATE TABLE other.t (id int PRIMARY KEY)", "INSERT INTO customers (name) VALUES ('before the start')")
	h.start(t)
	compress := "SET SESSION binlog_transaction_compression = ON"
	if h.mariadb() {
		compress = "SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10"
	}
	h.exec(t,
		"START TRANSACTION", "INSERT INTO customers (name) VALUES ('rolled back')", "ROLLBACK",
		"UPDATE customers SET name = name", "INSERT INTO other.t VALUES (1)",
		"START TRANSACTION", "INSERT INTO customers (name) VALUES ('kept')", "SAVEPOINT s",
		"INSERT INTO customers (name) VALUES ('rolled back to the savepoint')", "ROLLBACK TO s", "COMMIT",
		compress, "INSERT INTO customers (name) VALUES ('compressed')",
		"FLUSH BINARY LOGS", "INSERT INTO customers (name) VALUES ('after a rotation')",
	)
	h.published(t)
	var names []string
	for _, r := range h.records(t, "customers", 3) {
		var row struct{ Name string }
		if err := json.Unmarshal(r.After, &row); err != nil {
			t.Fatal(err)
		}
		names = append(names, row.Name)
	}
	slices.Sort(names)
	if got, want := strings.Join(names, ", "), "after a rotation, compressed, kept"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.mustStop(t)
}

func TestDDLInMidStream(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testDDLInMidStream)
}

func testDDLInMidStream(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, "CREATE TABLE t (id int PRIMARY KEY, a varchar(10))")
	h.start(t)
	h.exec(t, "INSERT INTO t VALUES (1, 'x')",
		"ALTER TABLE t ADD COLUMN b int FIRST, RENAME COLUMN a TO c", "INSERT INTO t (id, b, c) VALUES (2, 5, 'y')",
		"CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (9)")
	h.published(t)
	after := map[string]string{}
	shapes := map[string]bool{}
	for _, r := range append(h.records(t, "t", 2), h.records(t, "later", 1)...) {
		after[string(r.Key)] = string(r.After)
		shapes[r.Source.DB+"."+r.Source.Table+"@"+r.Source.Shape] = true
	}
	for key, want := range map[string]string{`{"id":1}`: `{"id":1,"a":"x"}`, `{"id":2}`: `{"b":5,"id":2,"c":"y"}`, `{"id":9}`: `{"id":9}`} {
		if after[key] != want {
			t.Errorf("row %s: got %s, want %s", key, after[key], want)
		}
	}
	known := map[string]bool{}
	for _, s := range h.shapes(t) {
		known[s.Key()] = true
	}
	if len(known) != 3 || len(shapes) != 3 {
		t.Errorf("got shapes %v, of which the schemas topic knows %v", shapes, known)
	}
	for s := range shapes {
		if !known[s] {
			t.Errorf("the schemas topic does not know %s", s)
		}
	}
	h.mustStop(t)
}

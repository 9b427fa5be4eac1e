package binlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver/mysqltest"
)

// A reader whose position is gone does not take that for a first start: what was
// written meanwhile would be lost without a word.
func TestPositionIsGone(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testPositionIsGone)
}

func testPositionIsGone(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	h.mustStop(t)
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": h.o.Kafka.Brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.DeleteTopics(t.Context(), []string{PositionsTopic("shop")}); err != nil {
		t.Fatal(err)
	}
	h.exec(t, "UPDATE customers SET version = 2")
	err = h.fails(t)
	var refused *ResumeError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "telltale positions reset") {
		t.Fatalf("got %v, want a ResumeError that names the mend", err)
	}
	if p, err := Reset(t.Context(), h.o); err != nil || p.Incarnation != 1 {
		t.Fatalf("reset: got %+v, %v", p, err)
	}
	h.start(t)
	h.exec(t, "UPDATE customers SET version = 3")
	h.records(t, "customers", 2)
	h.mustStop(t)
}

// What stands before a transaction that stops the reader is published.
func TestWholeTransactionsBeforeAStop(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testWholeTransactionsBeforeAStop)
}

func testWholeTransactionsBeforeAStop(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.mustStop(t)
	const good = 20
	for range good {
		h.exec(t, "INSERT INTO customers (name) VALUES ('good')")
	}
	h.exec(t, "SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO customers (id, name) VALUES (1000, 'bad')")
	var stop *StopError
	if err := h.fails(t); !errors.As(err, &stop) {
		t.Fatalf("got %v, want a StopError", err)
	}
	h.records(t, "customers", good)
}

// CREATE TABLE … SELECT is logged with its rows in one transaction.
func TestCreateTableSelect(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testCreateTableSelect)
}

func testCreateTableSelect(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('a'), ('b')",
		"CREATE TABLE copies (PRIMARY KEY (id)) SELECT id, name FROM customers", "UPDATE customers SET version = 2 WHERE id = 1")
	h.published(t)
	h.records(t, "copies", 2)
	h.records(t, "customers", 3)
	h.mustStop(t)
}

// A reader that runs keeps its lease when others come: an operator's command does
// not work under it.
func TestLeaseStaysWithItsOwner(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers)
	h.start(t)
	_, err := Reset(t.Context(), h.o)
	if err == nil || !strings.Contains(err.Error(), "a reader holds its lease; stop it first") {
		t.Errorf("reset under a running reader: got %v", err)
	}
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	if p := h.published(t); p.Incarnation != 0 {
		t.Errorf("got %+v", p)
	}
	h.mustStop(t)
}

func TestUnloggedChangesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "--innodb-native-foreign-keys=ON")
	h.exec(t, customers,
		"CREATE TABLE child (id int PRIMARY KEY, parent bigint unsigned, FOREIGN KEY (parent) REFERENCES customers (id) ON DELETE CASCADE)",
		"CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2")
	err := Check(t.Context(), h.o)
	for _, want := range []string{
		"table shop.child has a foreign key that cascades",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	h.o.ExcludeTables = []string{"shop.child", "shop.parts"}
	ended := h.start(t)
	h.exec(t, "CREATE TABLE more (id int PRIMARY KEY, parent bigint unsigned, FOREIGN KEY (parent) REFERENCES customers (id) ON DELETE SET NULL)")
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "statement gives shop.more a foreign key") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Error("the reader goes on after a foreign key that cascades")
	}
}

// How a server cuts a transaction's rows into events does not show in its
// fingerprint; what the rows are does.
func TestFingerprintOfCutEvents(t *testing.T) {
	t.Parallel()
	sum := func(pieces ...string) string {
		var f fingerprint
		f.begin(7)
		for _, p := range pieces {
			f.rows("shop.t", replication.UPDATE_ROWS_EVENTv2, []byte{2, 3, 3}, []byte(p))
		}
		return f.String()
	}
	if whole, cut := sum("row1row2"), sum("row1", "row2"); whole != cut {
		t.Errorf("got %s whole and %s cut", whole, cut)
	}
	if one, other := sum("row1row2"), sum("row1row3"); one == other {
		t.Errorf("got %s for different rows", one)
	}
}

// A transaction whose newest records in all partitions together are more than a
// batch is handed over piece by piece, and ends.
func TestHandOverOfLargeRows(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "--max-allowed-packet=128M")
	h.o.Partitions = 6
	h.exec(t, "CREATE TABLE big (id int AUTO_INCREMENT PRIMARY KEY, body longtext)")
	for range 40 {
		h.exec(t, "INSERT INTO big (body) VALUES (REPEAT('x', 900000))")
	}
	h.start(t)
	h.exec(t, fmt.Sprintf("UPDATE big SET body = REPEAT('y', %d)", 900000))
	h.published(t)
	h.records(t, "big", 40)
	h.mustStop(t)
}

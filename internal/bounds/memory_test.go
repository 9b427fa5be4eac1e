package bounds

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"flag"
	"fmt"
	"slices"
	"testing"

	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/binarytest"
	"telltale/internal/mysqlserver/mysqltest"
)

// memory is how much the reader may have resident, whatever it reads, but for a
// single row that is large itself: that needs multiple times its own size
// beside, in the server's packet, the record, and the Kafka client's copy of it,
// plain and compressed. Of that the process gives its own size back late.
const (
	memory   = 150e6
	multiple = 6
	// flat is by how much the peaks of two backlogs may differ: a short one does not
	// fill the batches and the client's queue, a seventh of it.
	flat = memory / 6
)

var (
	tables  = flag.Int("tables", 120, "how many tables there are, of which a hundred are written")
	rows    = flag.Int("rows", 1_000_000, "how many rows one transaction writes")
	backlog = flag.Int("backlog", 10_000, "how many transactions wait when the reader starts; before that, a thirtieth and a third of them")
)

// TestMemory measures the reader's peak at each kind of big thing.
func TestMemory(t *testing.T) {
	server := mysqltest.Start(t, "max-allowed-packet=1G", "innodb-redo-log-capacity=2G", "max-binlog-size=1G")
	// A broker that makes ten thousand topics is busy, and not gone.
	broker := apachekafkatest.Start(t, "message.max.bytes=104857600", "broker.session.timeout.ms=60000")
	w := &world{T: t, db: mysqltest.DB(t, server, "shop"), binary: binarytest.Build(t), environ: map[string]string{
		"SOURCE_NAME": "shop", "SOURCE_DSN": server.DSN(""), "SOURCE_TABLES": "shop.*",
		"KAFKA_BROKERS": broker.Brokers(), "KAFKA_PARTITIONS": "1",
	}}
	w.makeTables(*tables)
	w.start()
	w.fits("the start", memory, 0, func() {})
	w.fits("one transaction of many rows", memory, *rows, func() { w.items(*rows) })
	w.fits("one transaction on a hundred tables", memory, 100*100, func() { w.hundred(100) })
	w.fits("a row of 16 MiB", memory+multiple*16<<20, 1, func() { w.insert("files", 1, 16<<20) })
	w.fits("a row of 64 MiB", memory+multiple*64<<20, 1, func() { w.insert("files", 2, 64<<20) })
	w.fits("a text of 64 MiB", memory+multiple*64<<20, 1, func() { w.insert("texts", 1, 64<<20) })
	w.fits("small rows behind it", memory+multiple*64<<20, 1000, func() { w.items(1000) })
	w.fits("small rows from then on", memory+64<<20, 1000, func() { w.items(1000) })
	w.fits("another key for a row of 64 MiB", memory+multiple*128<<20, 1, func() { w.exec("UPDATE files SET id = 3 WHERE id = 2") }) // Both images.

	// A start asks for the newest transaction again, and takes what that one did.
	w.fits("small rows behind both", memory+multiple*128<<20, 1000, func() { w.items(1000) })

	w.catchesUp(*backlog/30, *backlog/3, *backlog)
}

// world is a server's database and the reader that reads it.
type world struct {
	*testing.T
	db      *sql.DB
	binary  string
	environ map[string]string
	reader  *reader
}

func (w *world) start() { w.reader = startReader(w, w.binary, w.environ) }

func (w *world) exec(statements ...string) {
	w.Helper()
	for _, s := range statements {
		if _, err := w.db.ExecContext(w.Context(), s); err != nil {
			w.Fatalf("%s: %v", s, err)
		}
	}
}

// fits writes n rows, waits until they are published, and fails where the reader
// had more than limit bytes resident meanwhile.
func (w *world) fits(what string, limit float64, n int, write func()) {
	w.Helper()
	w.reader.resetPeak(w)
	want := w.reader.rows(w) + n
	write()
	w.reader.await(w, "done with "+what, func() bool { return w.reader.rows(w) >= want })
	w.within(what, limit)
}

// catchesUp starts the reader anew after each number of single-row transactions,
// and fails where it needs more the longer it was away.
func (w *world) catchesUp(backlogs ...int) {
	w.Helper()
	var peaks []int
	for _, n := range backlogs {
		w.reader.stop(w)
		w.exec(fmt.Sprintf("CALL write_items(%d)", n))
		w.start()
		w.reader.await(w, "done with the backlog", func() bool { return w.reader.rows(w) >= n })
		peaks = append(peaks, w.within(fmt.Sprintf("a start, and a backlog of %d transactions", n), memory))
	}
	if low, high := slices.Min(peaks), slices.Max(peaks); high-low > flat {
		w.Errorf("backlogs of %v transactions took %v bytes of memory, want %d between them at most", backlogs, peaks, int(flat))
	}
}

// within returns the reader's peak, and fails where it is above limit.
func (w *world) within(what string, limit float64) int {
	w.Helper()
	peak := w.reader.peak(w)
	w.Logf("%s: %d MB of %d MB", what, peak/1e6, int(limit)/1e6)
	if float64(peak) > limit {
		w.Errorf("%s took %d bytes of memory, want %d at most", what, peak, int(limit))
	}
	return peak
}

// makeTables makes the tables that are written, n of them empty.
func (w *world) makeTables(n int) {
	w.exec("CREATE TABLE items (id int AUTO_INCREMENT PRIMARY KEY, sku varchar(40), name varchar(100), price decimal(12,2), changed datetime(3))",
		"CREATE TABLE files (id int PRIMARY KEY, body longblob)",
		"CREATE TABLE texts (id int PRIMARY KEY, body longtext)",
		"CREATE PROCEDURE write_items(n INT) BEGIN WHILE n > 0 DO INSERT INTO items (name, price) VALUES ('one', n); SET n = n - 1; END WHILE; END")
	for i := range n {
		w.exec(fmt.Sprintf("CREATE TABLE t%d (id int AUTO_INCREMENT PRIMARY KEY, name varchar(100), price decimal(10,2), note text, kind enum('a','b','c'), changed timestamp)", i))
	}
}

// items writes n rows in one transaction.
func (w *world) items(n int) {
	w.exec(fmt.Sprintf(`INSERT INTO items (sku, name, price, changed)
		SELECT /*+ SET_VAR(cte_max_recursion_depth = 10000000) */ UUID(), CONCAT('name of item ', i), i / 100, NOW(3)
		FROM (WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < %d) SELECT i FROM r) AS numbers`, n))
}

// hundred writes n rows into each of a hundred tables, one table after the other,
// in one transaction.
func (w *world) hundred(n int) {
	tx, err := w.db.BeginTx(w.Context(), nil)
	if err != nil {
		w.Fatal(err)
	}
	defer tx.Rollback()
	for i := range 100 * n {
		if _, err := tx.ExecContext(w.Context(), fmt.Sprintf("INSERT INTO t%d (name, price, kind) VALUES ('x', 1.5, 'b')", i%100)); err != nil {
			w.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		w.Fatal(err)
	}
}

// insert writes one row whose value no compression makes small.
func (w *world) insert(table string, id, size int) {
	value := make([]byte, size)
	if _, err := rand.Read(value); err != nil {
		w.Fatal(err)
	}
	if table == "texts" {
		value = hex.AppendEncode(nil, value[:size/2])
	}
	if _, err := w.db.ExecContext(w.Context(), "INSERT INTO "+table+" VALUES (?, ?)", id, value); err != nil {
		w.Fatal(err)
	}
}

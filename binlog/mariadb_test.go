package binlog

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// onMariaDB makes a harness with a MariaDB server.
func onMariaDB(t *testing.T, settings ...string) *harness {
	t.Helper()
	return newHarnessOn(t, mysqltest.Servers{Flavor: mysqlserver.MariaDB}, settings...)
}

func TestStopsOfMariaDB(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		statements []string
		want       string
	}{
		{"old times", []string{"SET GLOBAL mysql56_temporal_format = OFF", "ALTER TABLE customers ADD COLUMN old datetime(3) FIRST", "INSERT INTO customers (name) VALUES ('x')"}, "column old: type time in the format of MariaDB 5.3 is not supported"},
		{"system versioning", []string{"ALTER TABLE customers ADD SYSTEM VERSIONING"}, "statement on the system versioning of shop.customers"},
		{"numbers that do not grow", []string{"SET GLOBAL gtid_strict_mode = OFF", "SET SESSION gtid_seq_no = 2", "INSERT INTO customers (name) VALUES ('x')"}, "run the server with gtid_strict_mode=ON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := onMariaDB(t)
			h.exec(t, customers)
			ended := h.start(t)
			h.exec(t, tt.statements...)
			select {
			case err := <-ended:
				var stop *StopError
				if !errors.As(err, &stop) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want a StopError with %q in it", err, tt.want)
				}
			case <-time.After(patience):
				t.Fatal("the reader goes on")
			}
		})
	}
}

// A BINARY that becomes a UUID is one from then on, although its table map stays
// the same.
func TestBinaryBecomesUUID(t *testing.T) {
	t.Parallel()
	h := onMariaDB(t)
	h.exec(t, "CREATE TABLE ids (id int PRIMARY KEY, u binary(16))")
	h.start(t)
	h.exec(t, "INSERT INTO ids VALUES (1, NULL)")
	h.published(t)
	h.exec(t, "ALTER TABLE ids MODIFY u uuid", "INSERT INTO ids VALUES (2, '123e4567-e89b-12d3-a456-426655440000')")
	h.published(t)
	after := map[string]string{}
	for _, r := range h.records(t, "ids", 2) {
		after[string(r.Key)] = string(r.After)
	}
	if got, want := after[`{"id":2}`], `{"id":2,"u":"123e4567-e89b-12d3-a456-426655440000"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.mustStop(t)
}

// A column that looks like a BINARY and is gone when its rows are read stops the
// reader by name, and lets it pass where it is denied.
func TestTypeGone(t *testing.T) {
	t.Parallel()
	h := onMariaDB(t)
	h.exec(t, customers, "CREATE TABLE ids (id int PRIMARY KEY, u uuid, b binary(20))")
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	h.mustStop(t)
	h.exec(t, "INSERT INTO ids VALUES (1, '123e4567-e89b-12d3-a456-426655440000', 'b')", "ALTER TABLE ids DROP COLUMN u, DROP COLUMN b")
	err := h.fails(t)
	if stop, ok := errors.AsType[*StopError](err); !ok || stop.Name() != errTypeGone.Name() || !strings.Contains(err.Error(), "table shop.ids, column u: ") {
		t.Fatalf("got %v, want a StopError by the name of %s", err, errTypeGone.Name())
	}
	h.o.Columns = append(h.o.Columns, ColumnRule{Match: "shop.ids.u", Do: "deny"})
	h.start(t)
	h.published(t)
	if got, want := string(h.records(t, "ids", 1)[0].After), `{"id":1,"b":"YgAAAAAAAAAAAAAAAAAAAAAAAAA="}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.mustStop(t)
}

// Every finding says how to mend it, and mended it is gone.
func TestPreflightOfMariaDB(t *testing.T) {
	t.Parallel()
	h := onMariaDB(t, "--gtid-strict-mode=OFF", "--binlog-format=MIXED", "--binlog-row-metadata=NO_LOG", "--binlog-row-image=MINIMAL")
	h.exec(t, customers,
		"CREATE TABLE child (id int PRIMARY KEY, parent bigint unsigned, FOREIGN KEY (parent) REFERENCES customers (id) ON DELETE CASCADE)",
		"CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2",
		"SET GLOBAL mysql56_temporal_format = OFF", "CREATE TABLE times (id int PRIMARY KEY, t time(3))", "SET GLOBAL mysql56_temporal_format = ON",
		"CREATE TABLE old (id int PRIMARY KEY) WITH SYSTEM VERSIONING", "CREATE SEQUENCE numbers",
		"CREATE TABLE collated (id int PRIMARY KEY, t varchar(10) COLLATE utf8mb4_uca1400_ai_ci, j json)",
		"CREATE USER reader IDENTIFIED BY 'r'", "GRANT SELECT ON shop.* TO reader")
	h.o.DSN = readerDSN(t, h.mysql)
	err := Check(t.Context(), h.o)
	mends := []string{
		"SET GLOBAL gtid_strict_mode = ON;", "SET GLOBAL binlog_format = 'ROW';", "SET GLOBAL binlog_row_metadata = 'FULL';", "SET GLOBAL binlog_row_image = 'FULL';",
		"GRANT REPLICATION SLAVE ON *.* TO 'reader'@'%';", "GRANT BINLOG MONITOR ON *.* TO 'reader'@'%';",
	}
	for _, want := range append([]string{
		"table shop.child has a foreign key that cascades",
		"table shop.times, column t: type time in the format of MariaDB 5.3 is not supported",
		"table shop.old is system-versioned", "source.exclude_tables: [shop.old]",
	}, mends...) {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "shop.collated") {
		t.Errorf("got %v, and shop.collated can be captured", err)
	}
	h.exec(t, mends...)
	h.db = mysqltest.DB(t, h.mysql, "shop") // Open sessions keep what was set when they began.
	h.o.ExcludeTables = []string{"shop.child", "shop.parts", "shop.times", "shop.old"}
	if err := Check(t.Context(), h.o); err != nil {
		t.Errorf("mended: got %v", err)
	}
	// With these rights alone the reader works.
	h.start(t)
	h.exec(t, "INSERT INTO collated VALUES (1, 'ö', '{\"a\": 1}')")
	if got, want := string(h.records(t, "collated", 1)[0].After), `{"id":1,"t":"ö","j":"{\"a\": 1}"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.mustStop(t)
}

// readerDSN is the DSN of the account reader.
func readerDSN(t *testing.T, s *mysqlserver.Server) string {
	t.Helper()
	c, err := driver.ParseDSN(s.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	c.User, c.Passwd = "reader", "r"
	return c.FormatDSN()
}

// A position holds every domain, also one that began while nobody read.
func TestDomains(t *testing.T) {
	t.Parallel()
	h := onMariaDB(t)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('before the start')", "UPDATE customers SET version = 0")
	h.start(t)
	updates := 0
	update := func(domains ...int) {
		for _, d := range domains {
			h.exec(t, fmt.Sprintf("SET SESSION gtid_domain_id = %d", d), "UPDATE customers SET version = version + 1")
			updates++
		}
	}
	update(0, 10, 0, 2, 10)
	h.published(t)
	h.mustStop(t)
	update(2, 7, 0, 7)
	h.start(t)
	h.published(t)
	h.mustStop(t)
	h.start(t) // The last transaction was one of domain 7.
	update(7, 0)
	p := h.published(t)
	h.mustStop(t)
	if p.Flavor != "mariadb" || !strings.HasPrefix(p.Last, "0-1-") || !strings.HasPrefix(p.Previous, "0-1-") || strings.Count(p.GTIDSet, ",") != 3 {
		t.Errorf("got position %+v", p)
	}
	h.checkVersions(t, 0, updates)
}

// A position of one kind of server is not taken for one of the other.
func TestPositionOfTheOtherKind(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers)
	h.start(t)
	h.mustStop(t)
	other := onMariaDB(t)
	other.exec(t, customers)
	other.o.Kafka = h.o.Kafka
	var refused *ResumeError
	if err := other.fails(t); !errors.As(err, &refused) || !strings.Contains(err.Error(), "its position is one of a mysql server") {
		t.Fatalf("got %v", err)
	}
	if p, err := Reset(t.Context(), other.o); err != nil || p.Flavor != "mariadb" || p.Incarnation != 1 {
		t.Fatalf("reset: got %+v, %v", p, err)
	}
}

func TestInflate(t *testing.T) {
	t.Parallel()
	plain := bytes.Repeat([]byte("row "), 1000)
	pack := func(size int, plain []byte) []byte {
		var b bytes.Buffer
		b.Write([]byte{0x82, byte(size >> 8), byte(size)})
		w := zlib.NewWriter(&b)
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var i inflater
	for range 2 { // The second time in used memory.
		if got, err := i.inflate(pack(len(plain), plain)); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	whole := pack(len(plain), plain)
	for name, bad := range map[string][]byte{
		"nothing":            nil,
		"no length":          {0x82, 1},
		"no width":           {0x80, 1, 2, 3},
		"another algorithm":  append([]byte{0x92}, whole[1:]...),
		"longer than stated": pack(len(plain)-1, plain),
		"shorter":            pack(len(plain)+1, plain),
		"cut off":            whole[:len(whole)-5],
		"a length of 4 GiB":  append([]byte{0x84, 0xff, 0xff, 0xff, 0xff}, whole[3:]...),
		"a length of 1 GiB":  append([]byte{0x84, 0x40, 0, 0, 0}, whole[3:]...),
		"no zlib":            {0x81, 9, 'n', 'o'},
	} {
		if got, err := i.inflate(bad); err == nil {
			t.Errorf("%s: got %d bytes", name, len(got))
		}
	}
}

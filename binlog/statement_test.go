package binlog

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// queryEventOf is a statement's event with status variables.
func queryEventOf(vars []byte, query string) *replication.BinlogEvent {
	data := make([]byte, 13, 13+len(vars)+len(query)+1)
	binary.LittleEndian.PutUint16(data[11:], uint16(len(vars)))
	return rawEvent(replication.QUERY_EVENT, append(append(append(data, vars...), 0), query...))
}

// What changes rows and was logged as a statement stops the reader however it is
// written, and so does what is not known.
func TestStatementsInsteadOfRows(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"UPDATE customers SET a=1", "insert into t values (1)", "REPLACE t VALUES (1)", "DELETE FROM t", "LOAD DATA INFILE 'x' INTO TABLE t", "CALL p()", "DO f()",
		"-- reset\nUPDATE customers SET a=1", "--\tx\nUPDATE t SET a=1", "# x\nUPDATE t SET a=1", "/* it's */ UPDATE t SET a=1", "/*!50000 UPDATE t SET a=1 */", "/*!UPDATE*/ t SET a=1",
		"((SELECT f()))", "WITH x AS (SELECT 1) UPDATE t SET a=1", "TABLE t", "VALUES ROW(f())",
		"SET STATEMENT max_statement_time=10 FOR UPDATE t SET a=1", "SET @x = f()", "ANALYZE UPDATE t SET a=1", "ANALYZE FORMAT=JSON UPDATE t SET a=1", "ANALYZE /* TABLE */ UPDATE t SET a=1",
		"EXPLAIN ANALYZE SELECT f()", "EXECUTE x", "IMPORT TABLE FROM 'x'", "BINLOG 'x'", "BEGIN NOT ATOMIC UPDATE t SET a=1; END", "", " /* x */ ", "`ALTER` TABLE t", "'CREATE' TABLE t",
	} {
		s := mysqlStory().stream(t)
		s.tx.open = true
		if err := s.HandleEvent(queryEventOf(nil, query)); !errors.Is(err, errStatementFormat) {
			t.Errorf("%q: got %v", query, err)
		}
	}
	s := mysqlStory().stream(t)
	if err := s.HandleEvent(queryEventOf(nil, "# Dummy event replacing event type 160 that slave cannot handle.")); err != nil {
		t.Errorf("a dummy of MariaDB's: got %v", err)
	}
}

// A session's mode and character set are told by the status variables of its
// statements, of which some stand in front.
func TestModeOf(t *testing.T) {
	t.Parallel()
	s := newStream(streamOptions{flavor: mysql.MariaDBFlavor, colls: collations{28: {name: "gbk"}}})
	flags, catalog, increment := []byte{0, 1, 2, 3, 4}, []byte{6, 3, 's', 't', 'd'}, []byte{3, 1, 0, 1, 0}
	mode := []byte{1, 4, 0, 0x10, 0, 0, 0, 0, 0}
	charset := []byte{4, 28, 0, 8, 0, 8, 0}
	want := sqlMode{mariadb: true, ansiQuotes: true, noBackslashEscapes: true, charset: "gbk"}
	if got := s.modeOf(slices.Concat(flags, mode, catalog, increment, charset, []byte{5, 3, 'U', 'T', 'C'})); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	all := slices.Concat(flags, mode, catalog, increment, charset)
	for n := range all {
		if got := s.modeOf(all[:n]); got.charset != "" {
			t.Errorf("of %d bytes: got %+v", n, got)
		}
	}
}

// Whatever servers log beside rows is passed over, and rows that follow are
// published.
func TestStatementsThatServersLog(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStatementsThatServersLog)
}

func testStatementsThatServersLog(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t,
		"CREATE USER u@localhost IDENTIFIED BY 'Secret_1'", "ALTER USER u@localhost IDENTIFIED BY 'Secret_2'", "GRANT SELECT ON shop.* TO u@localhost",
		"REVOKE SELECT ON shop.* FROM u@localhost", "RENAME USER u@localhost TO v@localhost", "CREATE ROLE r", "GRANT r TO v@localhost", "SET ROLE NONE",
		"CREATE PROCEDURE p() BEGIN UPDATE customers SET version = 3; ALTER TABLE customers DROP PARTITION p0; END", "ALTER PROCEDURE p COMMENT 'don''t'", "DROP PROCEDURE p",
		"CREATE FUNCTION f(a int) RETURNS int NO SQL RETURN a", "DROP FUNCTION f", "CREATE TRIGGER tr BEFORE INSERT ON customers FOR EACH ROW SET NEW.version = NEW.version", "DROP TRIGGER tr",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO ALTER TABLE customers DROP PARTITION p0", "ALTER EVENT e DISABLE", "DROP EVENT e",
		"CREATE VIEW w AS SELECT * FROM customers", "ALTER VIEW w AS SELECT id FROM customers", "CREATE OR REPLACE VIEW w AS SELECT 1", "DROP VIEW w",
		"ANALYZE TABLE customers", "OPTIMIZE TABLE customers", "REPAIR TABLE customers", "CHECK TABLE customers", "FLUSH TABLES", "FLUSH PRIVILEGES", "FLUSH STATUS",
		"CREATE DATABASE other", "ALTER DATABASE other CHARACTER SET latin1", "CREATE TABLE other.a (id int)", "RENAME TABLE other.a TO other.b", "TRUNCATE other.b", "DROP TABLE other.b", "DROP DATABASE other",
		"-- it's\n/*!50000 ALTER */ TABLE customers COMMENT 'a' /* don't */", "ALTER TABLE customers COMMENT 'b' /*!999999 DROP PARTITION p0 */", "ALTER TABLE customers COMMENT 'c' /*M! */",
		"CREATE INDEX i ON customers (version)", "DROP INDEX i ON customers", "CREATE TABLE copied (PRIMARY KEY (id)) SELECT 7 AS id",
		"CREATE TEMPORARY TABLE passing SELECT 1 AS n", "UPDATE passing SET n = 2", "DROP TEMPORARY TABLE passing", "CREATE TABLE held (n int) ENGINE=MEMORY", "INSERT INTO held VALUES (1)",
		"BEGIN", "INSERT INTO held VALUES (2)", "SAVEPOINT s1", "RELEASE SAVEPOINT s1", "COMMIT",
		"SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'", `ALTER TABLE "customers" COMMENT 'C:\'`, "SET SESSION sql_mode = DEFAULT",
	)
	if h.mariadb() {
		h.exec(t, "SET PASSWORD FOR v@localhost = PASSWORD('Secret_3')", "SET DEFAULT ROLE r FOR v@localhost", "CREATE SEQUENCE other_numbers", "ALTER SEQUENCE other_numbers RESTART 50", "DROP SEQUENCE other_numbers",
			"CREATE OR REPLACE TABLE held (n int)", "SET STATEMENT max_statement_time = 10 FOR INSERT INTO held VALUES (3)", "ANALYZE UPDATE held SET n = 4")
	} else {
		h.exec(t, "SET PASSWORD FOR v@localhost = 'Secret_3'", "SET DEFAULT ROLE r TO v@localhost", "CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd'", "ALTER TABLESPACE ts RENAME TO ts2", "DROP TABLESPACE ts2",
			"ALTER INSTANCE RELOAD TLS", "SET PERSIST max_connections = 100", "RESET PERSIST", "CREATE TABLE listed TABLE copied")
	}
	h.exec(t, "DROP ROLE r", "DROP USER v@localhost", insert("last"))
	h.published(t)
	h.records(t, "customers", 1)
	h.records(t, "copied", 1)
	h.mustStop(t)
}

// Names are compared in small letters where the server has them so.
func TestUnloggedOfFoldedNames(t *testing.T) {
	t.Parallel()
	h := newHarnessOn(t, mysqltest.Servers{Flavor: mysqlserver.MariaDB}, "lower-case-table-names=1")
	h.exec(t, "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9), PARTITION p1 VALUES LESS THAN MAXVALUE)")
	ended := h.start(t)
	h.exec(t, "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'", `ALTER TABLE SHOP.Parts COMMENT 'C:\'`, "ALTER TABLE SHOP.Parts /* don't */ DROP PARTITION p0")
	select {
	case err := <-ended:
		if !errors.Is(err, errUnlogged) || !strings.Contains(err.Error(), "shop.parts") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
}

// A row image without a column stops the reader by name: MySQL's event of it has
// no bytes of rows at all. MariaDB logs all columns of what is inserted so.
func TestImageWithoutColumns(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testImageWithoutColumns)
}

func testImageWithoutColumns(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers, "binlog-row-image=MINIMAL")
	h.o.PartialImages = true
	h.exec(t, "CREATE TABLE bare (a int, b int)")
	ended := h.start(t)
	h.exec(t, "INSERT INTO bare () VALUES ()")
	if h.mariadb() {
		if after := string(h.records(t, "bare", 1)[0].After); after != `{"a":null,"b":null}` {
			t.Errorf("got %s", after)
		}
		h.mustStop(t)
		return
	}
	select {
	case err := <-ended:
		if !errors.Is(err, errNoColumns) {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
}

package binlog

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver/mysqltest"
	"telltale/schemas/change"
)

// DDL by which rows change that are logged nowhere stops the reader (I1); other
// work on partitions and files does not.
func TestUnloggedDDL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query string
		stops bool
		mode  sqlMode
	}{
		{query: "ALTER TABLE customers DROP PARTITION p0", stops: true},
		{query: "alter table shop.customers truncate partition all", stops: true},
		{query: "ALTER TABLE customers EXCHANGE PARTITION p0 WITH TABLE other.t", stops: true},
		{query: "ALTER TABLE other.t EXCHANGE PARTITION p0 WITH TABLE shop.customers WITHOUT VALIDATION", stops: true},
		{query: "ALTER TABLE customers DISCARD PARTITION p0 TABLESPACE", stops: true},
		{query: "ALTER TABLE customers IMPORT PARTITION p0 TABLESPACE", stops: true},
		{query: "ALTER TABLE customers CONVERT PARTITION p0 TO TABLE other.t", stops: true},
		{query: "ALTER TABLE other.t CONVERT TABLE shop.customers TO PARTITION p0 VALUES LESS THAN (9)", stops: true},
		{query: "ALTER TABLE customers DISCARD TABLESPACE", stops: true},
		{query: "ALTER TABLE customers IMPORT TABLESPACE", stops: true},
		{query: "ALTER IGNORE TABLE customers ADD UNIQUE (name)", stops: true},
		{query: "ALTER TABLE customers PARTITION BY HASH (id) PARTITIONS 4"},
		{query: "ALTER TABLE customers ADD PARTITION (PARTITION p9 VALUES LESS THAN MAXVALUE)"},
		{query: "ALTER TABLE customers REORGANIZE PARTITION p0 INTO (PARTITION p1 VALUES LESS THAN (9), PARTITION p2 VALUES LESS THAN MAXVALUE)"},
		{query: "ALTER TABLE customers COALESCE PARTITION 2"},
		{query: "ALTER TABLE customers REBUILD PARTITION p0"},
		{query: "ALTER TABLE customers REMOVE PARTITIONING"},
		{query: "ALTER TABLE other.t DROP PARTITION p0"},
		{query: "ALTER TABLE customers CONVERT TO CHARACTER SET utf8mb4"},
		{query: "ALTER TABLE customers COMMENT 'DROP PARTITION p0'"},
		{query: "CREATE TABLE customers (id int) PARTITION BY HASH (id)"},
		{query: "ALTER TABLE customers /* don't */ DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers -- it's old\n DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers --\tit's old\n DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers # it's old\n DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers DROP /* old */ PARTITION p0", stops: true},
		{query: "ALTER TABLE customers /*!50100 DROP PARTITION p0 */", stops: true},
		{query: "/*!50100 ALTER */ /*!999999 TABLE*/ customers DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers /*M!100100 DROP PARTITION p0 */", mode: sqlMode{mariadb: true}, stops: true},
		{query: "ALTER TABLE customers COMMENT 'm' /*M! , DROP PARTITION p0 */"},
		{query: `ALTER TABLE customers COMMENT 'C:\', DROP PARTITION p0`, mode: sqlMode{noBackslashEscapes: true}, stops: true},
		{query: `ALTER TABLE customers COMMENT 'C:\', DROP PARTITION p0'`},
		{query: "ALTER TABLE customers COMMENT '\x83\x5c', DROP PARTITION p0", mode: sqlMode{charset: "sjis"}, stops: true},
		{query: `ALTER TABLE "customers" DROP PARTITION p0`, mode: sqlMode{ansiQuotes: true}, stops: true},
		{query: `ALTER TABLE customers COMMENT "DROP PARTITION p0"`},
		{query: "alter table SHOP.Customers drop partition p0", stops: true},
		{query: "ALTER TABLE `shop`.`cust``omers` DROP PARTITION p0", stops: true},
		{query: "ALTER TABLE customers ADD COLUMN `drop` int, ADD COLUMN `partition` int"},
		{query: "ALTER ONLINE TABLE IF EXISTS customers DROP PARTITION IF EXISTS p0", stops: true},
		{query: "CREATE DEFINER=`root`@`localhost` EVENT e ON SCHEDULE EVERY 1 DAY DO ALTER TABLE customers DROP PARTITION p0"},
		{query: "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`()\nBEGIN ALTER TABLE customers DROP PARTITION p0; END"},
		{query: "CREATE TEMPORARY TABLE customers (id int) PARTITION BY HASH (id)"},
	} {
		s := newStream(streamOptions{filter: filter{include: []string{"shop.cust*"}}, foldNames: true})
		s.query = replication.QueryEvent{Schema: []byte("SHOP")}
		err := s.checkDDL(&replication.EventHeader{}, []byte(tt.query), tt.mode)
		if errors.Is(err, errUnlogged) != tt.stops || !tt.stops && err != nil {
			t.Errorf("%s: got %v, want it to stop: %t", tt.query, err, tt.stops)
		}
	}
}

// A captured table that one statement makes and fills stops the reader; in the row
// format the server logs its columns alone. DDL that was misread stops it too.
func TestFillingDDL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		query string
		want  error
	}{
		{"CREATE TABLE customers SELECT 1 AS a", errStatementFormat},
		{"CREATE TABLE IF NOT EXISTS shop.customers (id int PRIMARY KEY) IGNORE (SELECT 1 AS id)", errStatementFormat},
		{"CREATE TABLE customers /*!50000 AS SELECT 1 */", errStatementFormat},
		{"CREATE TABLE customers WITH x AS (SELECT 1) SELECT * FROM x", errStatementFormat},
		{"CREATE TABLE customers TABLE other.t", errStatementFormat},
		{"CREATE TABLE customers VALUES ROW(1, 2)", errStatementFormat},
		{"CREATE OR REPLACE TABLE customers AS VALUES (1), (2)", errStatementFormat},
		{"ALTER TABLE customers COMMENT 'x", errMisread},
		{"DROP TABLE customers /* x", errMisread},
		{"CREATE TABLE `customers` (\n  `select` int COMMENT 'SELECT'\n) START TRANSACTION", nil},
		{"CREATE TABLE customers (id int, `table` int) PARTITION BY LIST (id) (PARTITION p0 VALUES IN (1))", nil},
		{"CREATE TABLE customers (id int) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))", nil},
		{"CREATE TABLE shop.select (id int)", nil},
		{"CREATE TABLE customers LIKE other.t", nil},
		{"CREATE TABLE other.t SELECT 1 AS a", nil},
		{"CREATE TEMPORARY TABLE customers SELECT 1 AS a", nil},
		{"CREATE VIEW customers AS SELECT 1", nil},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE JAVASCRIPT AS $$ return 'don''t' /* $$", nil},
	} {
		s := newStream(streamOptions{filter: filter{include: []string{"shop.*"}}})
		s.query = replication.QueryEvent{Schema: []byte("shop")}
		if err := s.checkDDL(&replication.EventHeader{}, []byte(tt.query), sqlMode{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.query, err, tt.want)
		}
	}
}

// A table is altered in every way between its rows, and exchanged for another of
// its name, as gh-ost does: values arrive under the names that they were stored
// under.
func TestDDLStorm(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testDDLStorm)
}

func testDDLStorm(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, "CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20))")
	h.start(t)
	h.exec(t,
		"INSERT INTO t VALUES (1, 1, 'one')",
		"ALTER TABLE t ADD COLUMN c int DEFAULT 7 AFTER id", "INSERT INTO t VALUES (2, 2, 2, 'two')",
		"ALTER TABLE t DROP COLUMN a", "INSERT INTO t VALUES (3, 3, 'three')",
		"ALTER TABLE t RENAME COLUMN b TO name", "INSERT INTO t VALUES (4, 4, 'four')",
		"ALTER TABLE t MODIFY COLUMN name varchar(40) FIRST", "INSERT INTO t VALUES ('five', 5, 5)",
		"ALTER TABLE t MODIFY COLUMN c bigint unsigned", "INSERT INTO t VALUES ('six', 6, 18446744073709551615)",
		"ALTER TABLE t CONVERT TO CHARACTER SET latin1", "INSERT INTO t VALUES ('sieben ä', 7, 7)",
		"ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 3", "INSERT INTO t VALUES ('eight', 8, 8)",
		"ALTER TABLE t REMOVE PARTITIONING", "INSERT INTO t VALUES ('nine', 9, 9)",
		// The way of gh-ost: a copy of another shape, filled, kept up to date, and
		// exchanged at once.
		"CREATE TABLE _t_gho LIKE t", "ALTER TABLE _t_gho ADD COLUMN extra date",
		"INSERT INTO _t_gho (id, name, c) SELECT id, name, c FROM t",
		"RENAME TABLE t TO _t_del, _t_gho TO t", "INSERT INTO t VALUES ('ten', 10, 10, '2024-02-29')",
		"DROP TABLE _t_del",
		"CREATE TABLE copied (PRIMARY KEY (id)) SELECT id, name FROM t WHERE id > 8",
	)
	h.published(t)
	want := map[string]string{
		`{"id":1}`: `{"id":1,"a":1,"b":"one"}`, `{"id":2}`: `{"id":2,"c":2,"a":2,"b":"two"}`, `{"id":3}`: `{"id":3,"c":3,"b":"three"}`,
		`{"id":4}`: `{"id":4,"c":4,"name":"four"}`, `{"id":5}`: `{"name":"five","id":5,"c":5}`, `{"id":6}`: `{"name":"six","id":6,"c":18446744073709551615}`,
		`{"id":7}`: `{"name":"sieben ä","id":7,"c":7}`, `{"id":8}`: `{"name":"eight","id":8,"c":8}`, `{"id":9}`: `{"name":"nine","id":9,"c":9}`,
		`{"id":10}`: `{"name":"ten","id":10,"c":10,"extra":"2024-02-29"}`,
	}
	for _, r := range h.records(t, "t", len(want)) {
		if got := string(r.After); got != want[string(r.Key)] {
			t.Errorf("row %s: got %s, want %s", r.Key, got, want[string(r.Key)])
		}
	}
	h.records(t, "_t_gho", 9)
	var names []string
	for _, r := range h.records(t, "copied", 2) {
		var row struct{ Name string }
		if err := json.Unmarshal(r.After, &row); err != nil {
			t.Fatal(err)
		}
		names = append(names, row.Name)
		if r.Transaction.TotalOrder == 0 {
			t.Errorf("row %s is in no transaction", r.Key)
		}
	}
	slices.Sort(names)
	if got, want := strings.Join(names, ", "), "nine, ten"; got != want {
		t.Errorf("CREATE TABLE … SELECT: got %s, want %s", got, want)
	}
	h.mustStop(t)
}

// Statements that change many rows at once, also of several tables, and rows that
// a foreign key changes, where the server logs them.
func TestStatementsOfManyRows(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStatementsOfManyRows)
}

func testStatementsOfManyRows(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers, "secure-file-priv=")
	cascade := " ON DELETE CASCADE ON UPDATE SET NULL"
	if h.mariadb() { // Which does not log what cascades.
		cascade = ""
	}
	h.exec(t, "CREATE TABLE parents (id int PRIMARY KEY, n int)",
		"CREATE TABLE children (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parents (id)"+cascade+")")
	h.start(t)
	dir := t.TempDir()
	h.exec(t,
		"INSERT INTO parents VALUES (1, 1), (2, 2), (3, 3)",
		"INSERT INTO children SELECT id * 10, id FROM parents",
		"UPDATE parents p JOIN children c ON c.parent = p.id SET p.n = p.n + 100, c.id = c.id + 1 WHERE p.id < 3",
		"SELECT id + 50, n FROM parents ORDER BY id INTO OUTFILE '"+dir+"/rows'",
		"LOAD DATA INFILE '"+dir+"/rows' INTO TABLE parents",
		"REPLACE INTO parents VALUES (51, 0)",
		"INSERT INTO parents VALUES (52, 9) ON DUPLICATE KEY UPDATE n = VALUES(n)",
	)
	if !h.mariadb() {
		h.exec(t, "DELETE FROM parents WHERE id = 1", "UPDATE parents SET id = 22 WHERE id = 2")
	}
	h.published(t)
	// A tombstone has no op. REPLACE is logged as a delete and an insert.
	want := map[string]map[change.Op]int{"parents": {"c": 7, "u": 3, "d": 1, "": 1}, "children": {"c": 5, "d": 2, "": 2}}
	if !h.mariadb() {
		want = map[string]map[change.Op]int{"parents": {"c": 8, "u": 3, "d": 3, "": 3}, "children": {"c": 5, "u": 1, "d": 3, "": 3}}
	}
	for table, ops := range want {
		n := 0
		for _, one := range ops {
			n += one
		}
		got := map[change.Op]int{}
		for _, r := range h.records(t, table, n) {
			got[r.Op]++
		}
		if !maps.Equal(got, ops) {
			t.Errorf("table %s: got %v, want %v", table, got, ops)
		}
	}
	h.mustStop(t)
}

package binlog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/preflight"
)

// mariadbDialect is that of MariaDB from 10.11 on.
type mariadbDialect struct{}

func (mariadbDialect) flavor() string { return mysql.MariaDBFlavor }

func (mariadbDialect) tooOld(version string) preflight.Findings {
	var found preflight.Findings
	var major, minor int
	// A version that cannot be read counts as 0.0.
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor)
	if major < 10 || major == 10 && minor < 11 {
		found.Add("the server is MariaDB "+version+", which is not supported", "source.dsn", "use MariaDB 10.11 or later")
	}
	return found
}

func (mariadbDialect) settings() []setting {
	return []setting{
		{"log_bin", "1", "start the server with --log-bin (in my.cnf: [mariadbd] log_bin=binlog)", "there is no binlog to read"},
		{"gtid_strict_mode", "1", "SET GLOBAL gtid_strict_mode = ON; (and in my.cnf: [mariadbd] gtid_strict_mode=ON)", "without it a domain's transactions need not be in the order of their numbers, and a position would not say what was read"},
		{"binlog_format", "ROW", "SET GLOBAL binlog_format = 'ROW';", "statements do not say which rows changed"},
		{"binlog_row_image", "FULL", "SET GLOBAL binlog_row_image = 'FULL';", rowImageWhy},
		{"binlog_row_metadata", "FULL", "SET GLOBAL binlog_row_metadata = 'FULL';", "the binlog must carry column names and keys"},
	}
}

// rights have other names since MariaDB 10.5: BINLOG MONITOR is what was
// REPLICATION CLIENT.
func (mariadbDialect) rights() []string { return []string{"REPLICATION SLAVE", "BINLOG MONITOR"} }

func (mariadbDialect) grants(string) string { return "SHOW GRANTS" }

func (mariadbDialect) hidden() []hidden {
	return []hidden{
		{
			query: "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'SYSTEM VERSIONED'",
			what:  "is system-versioned, and its history would be published as changes; that is not supported by this version",
		},
	}
}

func (mariadbDialect) unloggedCascades(context.Context, *server) (bool, error) { return true, nil }

// collations asks for those of each character set by their full name: a
// collation for several sets has no id of its own.
func (mariadbDialect) collations() string {
	return `SELECT l.ID, l.FULL_COLLATION_NAME, c.CHARACTER_SET_NAME, c.MAXLEN
		FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY l JOIN information_schema.CHARACTER_SETS c USING (CHARACTER_SET_NAME)`
}

// binaryTypes are the types that a table map shows as a BINARY, with its length.
var binaryTypes = map[string]int{"uuid": 16, "inet6": 16, "inet4": 4}

// looksLikeBinary reports whether the column is a BINARY or one of binaryTypes.
func (c columnDef) looksLikeBinary() bool {
	return c.fixedBinary() && slices.Contains(slices.Collect(maps.Values(binaryTypes)), c.length)
}

// complete asks the information schema which columns are no BINARY although
// they look like one. It knows the table of now and not of the event: what a
// column was that is gone since, nobody can tell.
func (mariadbDialect) complete(ctx context.Context, s *server, d *tableDef) error {
	if !slices.ContainsFunc(d.columns, columnDef.looksLikeBinary) {
		return nil
	}
	rows, err := s.db.QueryContext(ctx, `SELECT COLUMN_NAME, DATA_TYPE, COALESCE(CHARACTER_OCTET_LENGTH, 0)
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`, d.db, d.table)
	if err != nil {
		return fmt.Errorf("read the types of the columns of %s.%s: %w", d.db, d.table, err)
	}
	defer rows.Close()
	now := map[string]string{}
	for rows.Next() {
		var name, dataType string
		var octets int
		if err := rows.Scan(&name, &dataType, &octets); err != nil {
			return fmt.Errorf("read the types of the columns of %s.%s: %w", d.db, d.table, err)
		}
		if dataType == "binary" {
			dataType = plainBinary(octets)
		}
		now[name] = dataType
	}
	d.settleBinaries(now)
	return rows.Err()
}

// plainBinary names a BINARY of that length.
func plainBinary(length int) string { return fmt.Sprintf("binary(%d)", length) }

// settleBinaries tells the columns that look like a BINARY by the types that the
// table's columns have now.
func (d *tableDef) settleBinaries(now map[string]string) {
	for i := range d.columns {
		c := &d.columns[i]
		if !c.looksLikeBinary() {
			continue
		}
		switch is := now[c.name]; {
		case binaryTypes[is] == c.length:
			c.sqlType = is
		case is != plainBinary(c.length):
			c.unsure = true
		}
	}
}

// binlogState is all that a MariaDB server's binlog ever held. Its text is the
// newest GTID of each domain.
type binlogState struct {
	mysql.GTIDSet
	// newest is the newest number by domain and server: a domain's numbers alone
	// do not tell a server's history from that of another one that took over.
	newest map[[2]uint32]uint64
}

// Contain reports whether every GTID of a set was in the binlog.
func (b binlogState) Contain(o mysql.GTIDSet) bool {
	set, ok := o.(*mysql.MariadbGTIDSet)
	if !ok {
		return false
	}
	for _, g := range set.Sets {
		if b.newest[[2]uint32{g.DomainID, g.ServerID}] < g.SequenceNumber {
			return false
		}
	}
	return true
}

// history reads what the binlog held by the server's own account, and what it
// holds no more from the beginning of its oldest file.
func (d mariadbDialect) history(ctx context.Context, s *server) (history, error) {
	var h history
	var position, state string
	err := s.db.QueryRowContext(ctx, "SELECT @@global.server_uid, @@global.server_id, @@global.gtid_binlog_pos, @@global.gtid_binlog_state").
		Scan(&h.server, &h.serverID, &position, &state)
	if err != nil {
		return h, fmt.Errorf("read the server's GTIDs: %w", err)
	}
	executed := binlogState{newest: map[[2]uint32]uint64{}}
	if executed.GTIDSet, err = d.parse(position); err != nil {
		return h, err
	}
	for text := range strings.SplitSeq(state, ",") {
		g, err := mysql.ParseMariadbGTID(text)
		if err != nil {
			return h, fmt.Errorf("parse gtid_binlog_state %q: %w", state, err)
		}
		executed.newest[[2]uint32{g.DomainID, g.ServerID}] = g.SequenceNumber
	}
	h.executed = executed
	h.purged, err = d.purged(ctx, s)
	return h, err
}

func (d mariadbDialect) purged(ctx context.Context, s *server) (mysql.GTIDSet, error) {
	var file, position string
	var size uint64
	if err := s.db.QueryRowContext(ctx, "SHOW BINARY LOGS").Scan(&file, &size); err != nil {
		return nil, fmt.Errorf("read the names of the server's binlog files: %w", err)
	}
	// A file's first event begins at 4, behind the magic number.
	if err := s.db.QueryRowContext(ctx, "SELECT COALESCE(BINLOG_GTID_POS(?, 4), '')", file).Scan(&position); err != nil {
		return nil, fmt.Errorf("read the GTIDs before the server's oldest binlog file %s: %w", file, err)
	}
	return d.parse(position)
}

func (mariadbDialect) parse(text string) (mysql.GTIDSet, error) {
	set, err := mysql.ParseMariadbGTIDSet(text)
	if err != nil {
		return nil, fmt.Errorf("parse GTID position %q: %w", text, err)
	}
	return set, nil
}

func (d mariadbDialect) read(p Position) (mysql.GTIDSet, error) { return d.parse(p.GTIDSet) }

// less goes by what was executed where that is known by server, and by the
// newest number of each domain otherwise.
func (mariadbDialect) less(one, other mysql.GTIDSet) string {
	left := &mysql.MariadbGTIDSet{Sets: map[uint32]*mysql.MariadbGTID{}}
	for domain, g := range one.(*mysql.MariadbGTIDSet).Sets {
		if !other.Contain(&mysql.MariadbGTIDSet{Sets: map[uint32]*mysql.MariadbGTID{domain: g}}) {
			left.Sets[domain] = g
		}
	}
	return left.String()
}

// errant looks at the server that a GTID names.
func (mariadbDialect) errant(name string, p Position, h history) bool {
	made, err := mysql.ParseMariadbGTID(name)
	if err != nil {
		return false // It comes from the stream, which writes none that cannot be read.
	}
	last, err := mysql.ParseMariadbGTID(p.Last)
	return err == nil && made.ServerID == h.serverID && last.ServerID != h.serverID
}

func (d mariadbDialect) before(p Position) (mysql.GTIDSet, error) {
	stored, err := d.parse(p.GTIDSet)
	if err != nil {
		return nil, err
	}
	last, err := mysql.ParseMariadbGTID(p.Last)
	if err != nil {
		return nil, fmt.Errorf("parse GTID %q: %w", p.Last, err)
	}
	sets := stored.(*mysql.MariadbGTIDSet).Sets
	delete(sets, last.DomainID)
	if p.Previous == "" { // The server is asked for the domain from its start.
		return stored, nil
	}
	if sets[last.DomainID], err = mysql.ParseMariadbGTID(p.Previous); err != nil {
		return nil, fmt.Errorf("parse GTID %q: %w", p.Previous, err)
	}
	return stored, nil
}

func (mariadbDialect) progress(set mysql.GTIDSet) progress {
	return newMariadbProgress(set.(*mysql.MariadbGTIDSet))
}

package binlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/internal/preflight"
)

// mysqlDialect is that of MySQL from 8.0 on.
type mysqlDialect struct{}

func (mysqlDialect) flavor() string { return mysql.MySQLFlavor }

func (mysqlDialect) tooOld(string) preflight.Findings { return nil }

func (mysqlDialect) settings() []setting {
	return []setting{
		{"log_bin", "1", "start the server with --log-bin (in my.cnf: [mysqld] log_bin=binlog)", "there is no binlog to read"},
		{"binlog_format", "ROW", "SET GLOBAL binlog_format = 'ROW';", "statements do not say which rows changed"},
		{"binlog_row_image", "FULL", "SET GLOBAL binlog_row_image = 'FULL';", rowImageWhy},
		{"binlog_row_metadata", "FULL", "SET GLOBAL binlog_row_metadata = 'FULL';", "the binlog must carry column names and keys"},
	}
}

func (mysqlDialect) rights() []string { return []string{"REPLICATION SLAVE", "REPLICATION CLIENT"} }

func (mysqlDialect) grants(roles string) string {
	if roles == "NONE" {
		return "SHOW GRANTS FOR CURRENT_USER()"
	}
	return "SHOW GRANTS FOR CURRENT_USER() USING " + roles
}

func (mysqlDialect) hidden() []hidden { return nil }

// unloggedCascades is true before MySQL 9.6, and later where the server is told
// so.
func (mysqlDialect) unloggedCascades(ctx context.Context, s *server) (bool, error) {
	var major, minor int
	if _, err := fmt.Sscanf(s.version, "%d.%d", &major, &minor); err != nil {
		return false, fmt.Errorf("read the server's version %q: %w", s.version, err)
	}
	if major < 9 || major == 9 && minor < 6 {
		return true, nil
	}
	var name, value string
	err := s.db.QueryRowContext(ctx, "SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'").Scan(&name, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the server's variable innodb_native_foreign_keys: %w", err)
	}
	return value == "ON", nil
}

func (mysqlDialect) collations() string {
	return `SELECT l.ID, l.COLLATION_NAME, c.CHARACTER_SET_NAME, c.MAXLEN
		FROM information_schema.COLLATIONS l JOIN information_schema.CHARACTER_SETS c USING (CHARACTER_SET_NAME)`
}

func (mysqlDialect) complete(context.Context, *server, *tableDef) error { return nil }

func (d mysqlDialect) history(ctx context.Context, s *server) (history, error) {
	var h history
	var mode, executed, purged string
	err := s.db.QueryRowContext(ctx, "SELECT @@server_uuid, @@server_id, @@global.gtid_mode, @@global.gtid_executed, @@global.gtid_purged").
		Scan(&h.server, &h.serverID, &mode, &executed, &purged)
	if err != nil {
		return h, fmt.Errorf("read the server's GTIDs: %w", err)
	}
	if h.byFile = mode != "ON"; h.byFile {
		if h.end, err = s.binlogEnd(ctx); err != nil {
			return h, err
		}
	}
	if h.executed, err = d.parse(executed); err != nil {
		return h, err
	}
	h.purged, err = d.parse(purged)
	return h, err
}

func (mysqlDialect) parse(text string) (mysql.GTIDSet, error) {
	set, err := mysql.ParseMysqlGTIDSet(text)
	if err != nil {
		return nil, fmt.Errorf("parse GTID set %q: %w", text, err)
	}
	return set, nil
}

func (mysqlDialect) less(one, other mysql.GTIDSet) string {
	a, b := one.(*mysql.MysqlGTIDSet), other.(*mysql.MysqlGTIDSet)
	return without(a, b).String()
}

// errant looks at the UUID that a GTID begins with: it is that of the server
// where the transaction was made.
func (mysqlDialect) errant(name string, p Position, h history) bool {
	made, _, _ := strings.Cut(name, ":")
	last, _, _ := strings.Cut(p.Last, ":")
	return made != last && (made == h.server || !strings.Contains(p.GTIDSet, made))
}

func (d mysqlDialect) before(p Position) (mysql.GTIDSet, error) {
	read, err := d.read(p)
	if err != nil {
		return nil, err
	}
	last, err := d.parse(p.Last)
	if err != nil {
		return nil, err
	}
	return without(read.(*mysql.MysqlGTIDSet), last.(*mysql.MysqlGTIDSet)), nil
}

func (d mysqlDialect) read(p Position) (mysql.GTIDSet, error) {
	set, err := d.parse(p.GTIDSet)
	if err != nil {
		return nil, err
	}
	for _, b := range p.Undecided {
		if err := set.Update(b.GTID); err != nil {
			return nil, fmt.Errorf("parse GTID %q of XA branch %s: %w", b.GTID, b.XID, err)
		}
	}
	return set, nil
}

func (mysqlDialect) progress(set mysql.GTIDSet) progress {
	return newMySQLProgress(set.(*mysql.MysqlGTIDSet))
}

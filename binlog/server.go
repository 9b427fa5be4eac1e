package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	driver "github.com/go-sql-driver/mysql"
)

// server is the server, asked over SQL.
type server struct {
	db      *sql.DB
	version string
	dialect dialect
}

// answerTimeout is how long the server may take over an answer: a connection that
// broke without a word is found by nothing else.
const answerTimeout = 30 * time.Second

// openServer connects and fails where the server does not answer.
func openServer(ctx context.Context, dsn *driver.Config) (*server, error) {
	c := dsn.Clone()
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	c.Logger = &driver.NopLogger{} // What matters comes back as an error.
	c.Params = maps.Clone(c.Params)
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	c.Params["sql_mode"] = "''" // Definitions come with backticks and backslashes.
	if c.ReadTimeout == 0 {
		c.ReadTimeout = answerTimeout
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("connect to the server at %s as %s: %w", c.Addr, c.User, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2)
	db.SetConnMaxIdleTime(time.Minute)
	connecting, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if err := db.PingContext(connecting); err != nil {
		db.Close()
		return nil, fmt.Errorf("connect to the server at %s as %s: %w", c.Addr, c.User, err)
	}
	s := &server{db: db, dialect: mysqlDialect{}}
	if err := db.QueryRowContext(ctx, "SELECT @@version").Scan(&s.version); err != nil {
		db.Close()
		return nil, fmt.Errorf("read the version of the server at %s: %w", c.Addr, err)
	}
	if strings.Contains(s.version, "MariaDB") {
		s.dialect = mariadbDialect{}
	}
	return s, nil
}

func (s *server) Close() error { return s.db.Close() }

// history is what a server says of the transactions that it has.
type history struct {
	// server identifies it; serverID is its replication id.
	server   string
	serverID uint32
	// byFile says that not every transaction has a GTID. The binlog then ends at
	// end.
	byFile bool
	end    mysql.Position
	// executed are all that its binlog ever held, purged those that it holds no
	// more.
	executed, purged mysql.GTIDSet
}

// position is where the history ends.
func (h history) position(d dialect) Position {
	p := Position{ServerUUID: h.server}
	if h.byFile {
		p.ByFile, p.File, p.Pos = true, h.end.Name, h.end.Pos
		return p
	}
	p.GTIDSet = h.executed.String()
	if f := d.flavor(); f != mysql.MySQLFlavor {
		p.Flavor = f
	}
	return p
}

// spelling reads the mode that sessions begin with, and whether names are compared
// in small letters.
func (s *server) spelling(ctx context.Context) (mode sqlMode, foldNames bool, err error) {
	var modes string
	if err := s.db.QueryRowContext(ctx, "SELECT @@global.sql_mode, @@global.lower_case_table_names <> 0").Scan(&modes, &foldNames); err != nil {
		return mode, false, fmt.Errorf("read the server's variables sql_mode and lower_case_table_names: %w", err)
	}
	all := strings.Split(modes, ",")
	return sqlMode{
		noBackslashEscapes: slices.Contains(all, "NO_BACKSLASH_ESCAPES"),
		ansiQuotes:         slices.Contains(all, "ANSI_QUOTES"),
		mariadb:            s.dialect.flavor() == mysql.MariaDBFlavor,
	}, foldNames, nil
}

// collations reads the server's collations and character sets.
func (s *server) collations(ctx context.Context) (collations, error) {
	rows, err := s.db.QueryContext(ctx, s.dialect.collations())
	if err != nil {
		return nil, fmt.Errorf("read the server's collations: %w", err)
	}
	defer rows.Close()
	cs := collations{}
	for rows.Next() {
		var id uint64
		var one characterSet
		if err := rows.Scan(&id, &one.collation, &one.name, &one.maxLen); err != nil {
			return nil, fmt.Errorf("read the server's collations: %w", err)
		}
		cs[id] = one
	}
	return cs, rows.Err()
}

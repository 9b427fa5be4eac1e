package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	driver "github.com/go-sql-driver/mysql"
)

// server is the MySQL server, asked over SQL.
type server struct{ db *sql.DB }

// openServer connects and fails where the server does not answer.
func openServer(ctx context.Context, dsn *driver.Config) (*server, error) {
	c := dsn.Clone()
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("connect to MySQL at %s as %s: %w", c.Addr, c.User, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(2)
	db.SetConnMaxIdleTime(time.Minute)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("connect to MySQL at %s as %s: %w", c.Addr, c.User, err)
	}
	return &server{db}, nil
}

func (s *server) Close() error { return s.db.Close() }

// history is what a server says of the transactions that it has.
type history struct {
	uuid             string
	executed, purged *mysql.MysqlGTIDSet
}

func (s *server) history(ctx context.Context) (history, error) {
	var h history
	var executed, purged string
	err := s.db.QueryRowContext(ctx, "SELECT @@server_uuid, @@global.gtid_executed, @@global.gtid_purged").Scan(&h.uuid, &executed, &purged)
	if err != nil {
		return h, fmt.Errorf("read the server's GTIDs: %w", err)
	}
	for _, one := range []struct {
		text string
		set  **mysql.MysqlGTIDSet
	}{{executed, &h.executed}, {purged, &h.purged}} {
		if *one.set, err = (Position{GTIDSet: one.text}).set(); err != nil {
			return h, err
		}
	}
	return h, nil
}

// collations reads the server's collations and character sets.
func (s *server) collations(ctx context.Context) (collations, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT l.ID, l.COLLATION_NAME, c.CHARACTER_SET_NAME, c.MAXLEN
		FROM information_schema.COLLATIONS l JOIN information_schema.CHARACTER_SETS c USING (CHARACTER_SET_NAME)`)
	if err != nil {
		return nil, fmt.Errorf("read the server's collations: %w", err)
	}
	defer rows.Close()
	cs := collations{}
	for rows.Next() {
		var id uint64
		var one charset
		if err := rows.Scan(&id, &one.collation, &one.name, &one.maxLen); err != nil {
			return nil, fmt.Errorf("read the server's collations: %w", err)
		}
		cs[id] = one
	}
	return cs, rows.Err()
}

// Package mysql keeps the shop's data in MySQL or MariaDB.
//
// Most methods of Store are one statement, or read before one. Those that are
// transactions first lock or insert the one row that the rest belongs to, and take
// no other lock that a concurrent one could hold before it gets to that row. What
// reaches further, as an order does, locks a customer before her addresses and her
// basket, then products, then stock, and rows of one table in the order of their ids;
// a step of an order locks the order before the row that numbers the year's invoices,
// its payment and stock. So nothing of the shop's own can deadlock. Whoever else
// works on the tables may lock as they like: transactions over several rows are tried
// again where they lose. Writing statements carry sqlcommenter comments that name
// actor, request and trace.
package mysql

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/review"
	"telltale/crudapp/shipment"
)

const (
	// maxConns leaves room for others on a server with MySQL's default of 151
	// connections.
	maxConns     = 32
	maxIdleConns = 8
	// connLife lets connections follow a server that was replaced behind the
	// same name.
	connLife    = 10 * time.Minute
	dialTimeout = 10 * time.Second
)

// Numbers of MySQL errors that are answered by more than passing them on.
const (
	errDatabaseDenied = 1044
	errBadDatabase    = 1049
	errDuplicateEntry = 1062
	errLockWait       = 1205
	errDeadlock       = 1213
	// errChangedSince is MariaDB's where a row that is locked is newer than what the
	// transaction sees, which its newer versions do not let happen.
	errChangedSince = 1020
)

// Store implements crudapp.Store, crudapp.StaffStore, catalogue.Store,
// contact.Store, order.Store, payment.Store, review.Store and shipment.Store. It may be
// used by several goroutines at once.
type Store struct {
	db  *sql.DB
	cfg *driver.Config
}

var (
	_ crudapp.Store      = (*Store)(nil)
	_ crudapp.StaffStore = (*Store)(nil)
	_ catalogue.Store    = (*Store)(nil)
	_ contact.Store      = (*Store)(nil)
	_ payment.Store      = (*Store)(nil)
	_ review.Store       = (*Store)(nil)
	_ order.Store        = (*Store)(nil)
	_ shipment.Store     = (*Store)(nil)
)

// Open connects to the database that dsn names, in the form of go-sql-driver:
//
//	user:password@tcp(host:3306)/shop
//
// Its sessions use UTC whatever the server's time zone, and strict SQL mode, so
// that a value that does not fit is an error. Open returns an error when the
// server cannot be reached or refuses the user; a database that does not exist
// yet is left to Migrate. Connections are encrypted as encryption says; nil
// leaves that to dsn. The caller closes the store.
func Open(ctx context.Context, dsn string, encryption *tls.Config) (*Store, error) {
	cfg, err := configure(dsn)
	if err != nil {
		return nil, err
	}
	if encryption != nil {
		cfg.TLS = encryption
	}
	db, err := open(cfg)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil && !isError(err, errBadDatabase) {
		return nil, errors.Join(connectError(cfg, err), db.Close())
	}
	return &Store{db: db, cfg: cfg}, nil
}

func connectError(cfg *driver.Config, err error) error {
	if isError(err, errDatabaseDenied) {
		return fmt.Errorf("connect to MySQL at %s as %s; let somebody with the right run %q: %w", cfg.Addr, cfg.User,
			fmt.Sprintf("GRANT ALL ON %s.* TO '%s'", quoted(cfg.DBName), cfg.User), err)
	}
	return fmt.Errorf("connect to MySQL at %s as %s: %w", cfg.Addr, cfg.User, err)
}

func configure(dsn string) (*driver.Config, error) {
	cfg, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse the DSN of the shop's database: %w", err)
	}
	if cfg.DBName == "" {
		return nil, fmt.Errorf("parse the DSN of the shop's database: it names no database; write …@tcp(%s)/shop", cfg.Addr)
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
	if _, chosen := cfg.Params["innodb_lock_wait_timeout"]; !chosen {
		cfg.Params["innodb_lock_wait_timeout"] = lockWait
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
	// The driver's log repeats what it also returns as errors.
	cfg.Logger = &driver.NopLogger{}
	return cfg, nil
}

func open(cfg *driver.Config) (*sql.DB, error) {
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure connections to MySQL at %s: %w", cfg.Addr, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxIdleConns)
	db.SetConnMaxLifetime(connLife)
	return db, nil
}

// Ping returns an error when the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("ping MySQL at %s: %w", s.cfg.Addr, err)
	}
	return nil
}

// Close closes all connections.
func (s *Store) Close() error { return s.db.Close() }

// execer is a pool or a transaction.
type execer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

// exec runs a writing statement with its comment.
// exec runs one statement. Where others were in its way for too long, it returns a
// crudapp.Error of CodeUnavailable.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	result, err := exec(ctx, s.db, statement, args...)
	if err != nil && contended(err) {
		return nil, fmt.Errorf("%w: %w", err, busy())
	}
	return result, err
}

func exec(ctx context.Context, to execer, statement string, args ...any) (sql.Result, error) {
	return to.ExecContext(ctx, commented(ctx, statement), args...)
}

func isError(err error, number uint16) bool {
	e, ok := errors.AsType[*driver.MySQLError](err)
	return ok && e.Number == number
}

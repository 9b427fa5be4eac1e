package consumers

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	erAccessDeniedDB = 1044
	erBadDB          = 1049
)

// pingTimeout bounds how long a server may take to answer at the start.
const pingTimeout = 10 * time.Second

// openDatabase connects to the consumer's database, which it creates if it is
// missing, and fails where the server does not answer: an address that is wrong
// should show at once.
func openDatabase(ctx context.Context, dsn string, encryption *tls.Config) (*sql.DB, error) {
	cfg, err := sessionConfig(dsn)
	if err != nil {
		return nil, err
	}
	if encryption != nil {
		cfg.TLS = encryption
	}
	if err := createDatabase(ctx, cfg); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("consumers database: %w", err)
	}
	db := sql.OpenDB(connector)
	// A connection that a load balancer forgot costs a batch its retry.
	db.SetConnMaxIdleTime(time.Minute)
	db.SetMaxIdleConns(16)
	return db, nil
}

// sessionConfig sets what the engine relies on. Arguments are interpolated,
// which saves a round trip a statement. READ COMMITTED takes no gap locks, so
// that partitions which write side by side do not deadlock over them. Rows that
// were found and not changed do not count as affected: handlers tell by that
// what is new from what was there (I7).
func sessionConfig(dsn string) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("consumers database: parse the DSN: %w", err)
	}
	if cfg.DBName == "" {
		return nil, errors.New("consumers database: the DSN names no database")
	}
	cfg.InterpolateParams, cfg.ParseTime, cfg.Loc = true, true, time.UTC
	cfg.ClientFoundRows = false
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = 30 * time.Second
	}
	if cfg.WriteTimeout == 0 {
		cfg.WriteTimeout = 30 * time.Second
	}
	params := map[string]string{
		isolation:                  "'READ-COMMITTED'",
		"innodb_lock_wait_timeout": "5",
		"time_zone":                "'+00:00'",
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
	}
	for k, v := range cfg.Params {
		if k == "transaction_isolation" || k == "tx_isolation" {
			delete(params, isolation)
		}
		params[k] = v
	}
	cfg.Params = params
	// The driver's own lines would go to stderr, past the logger.
	cfg.Logger = &mysql.NopLogger{}
	return cfg, nil
}

// isolation is the variable's name in MySQL, and in MariaDB, each of which reads
// the comment that is meant for it.
const isolation = "/*!80000 transaction_isolation */ /*M! tx_isolation */"

// createDatabase makes sure that the database is there.
func createDatabase(ctx context.Context, cfg *mysql.Config) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := pingConfig(ctx, cfg)
	var m *mysql.MySQLError
	if err == nil {
		return nil
	}
	if !errors.As(err, &m) || m.Number != erBadDB {
		return fmt.Errorf("reach the consumers database %s at %s as %s: %w", cfg.DBName, cfg.Addr, cfg.User, err)
	}
	server := cfg.Clone()
	server.DBName = ""
	connector, err := mysql.NewConnector(server)
	if err != nil {
		return fmt.Errorf("consumers database: %w", err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	statement := fmt.Sprintf("CREATE DATABASE IF NOT EXISTS `%s`", cfg.DBName)
	if _, err := db.ExecContext(ctx, statement); err != nil {
		if errors.As(err, &m) && m.Number == erAccessDeniedDB {
			return fmt.Errorf("the consumers database %s is missing and %s may not create it; run as an administrator: %s; GRANT ALL ON `%s`.* TO %s: %w",
				cfg.DBName, cfg.User, statement, cfg.DBName, cfg.User, err)
		}
		return fmt.Errorf("create the consumers database %s: %w", cfg.DBName, err)
	}
	return nil
}

func pingConfig(ctx context.Context, cfg *mysql.Config) error {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.PingContext(ctx)
}

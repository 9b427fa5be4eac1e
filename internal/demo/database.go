package demo

import (
	"database/sql"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// openDB opens a database of the demo's MySQL server without connecting.
func openDB(dsn string) (*sql.DB, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse a DSN of the demo's MySQL: %w", err)
	}
	// The driver's own lines, of a server that was restarted, would go to stderr,
	// past the logger.
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("configure connections to the demo's MySQL: %w", err)
	}
	return sql.OpenDB(connector), nil
}

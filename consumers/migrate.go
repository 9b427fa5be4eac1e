package consumers

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationWait is how long, in seconds, an instance waits for another that
// migrates the same database.
const migrationWait = 60

// migrate brings the engine's tables and the consumer's up to date. Instances
// that start together take turns.
func migrate(ctx context.Context, db *sql.DB, c Consumer) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database of consumer %s: %w", c.Name, err)
	}
	defer conn.Close()
	var locked sql.NullInt64
	const lock = "SELECT GET_LOCK(CONCAT('telltale.', LEFT(SHA2(DATABASE(), 256), 16)), ?)"
	if err := conn.QueryRowContext(ctx, lock, migrationWait).Scan(&locked); err != nil {
		return fmt.Errorf("lock the database of consumer %s for its migrations: %w", c.Name, err)
	}
	if locked.Int64 != 1 {
		return fmt.Errorf("lock the database of consumer %s for its migrations: another instance holds the lock for more than %d s", c.Name, migrationWait)
	}
	// Closing the connection alone would hand it back to the pool, lock held.
	defer conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(CONCAT('telltale.', LEFT(SHA2(DATABASE(), 256), 16)))") //nolint:errcheck // The lock ends with its connection too.

	own, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	if err := migrateFiles(ctx, db, "consumers_schema", own); err != nil {
		return err
	}
	for _, t := range c.Shared {
		if err := migrateFiles(ctx, db, t.Name+"_schema", t.Files); err != nil {
			return err
		}
	}
	if c.Migrations == nil {
		return nil
	}
	return migrateFiles(ctx, db, c.Name+"_schema", c.Migrations)
}

// migrateFiles applies what the version table does not list yet.
func migrateFiles(ctx context.Context, db *sql.DB, table string, files fs.FS) error {
	store, err := database.NewStore(database.DialectMySQL, table)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", table, err)
	}
	provider, err := goose.NewProvider("", db, files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", table, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrations of %s: %w", table, err)
	}
	return nil
}

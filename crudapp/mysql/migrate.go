package mysql

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockWaitSeconds is how long one instance waits for another to migrate.
const lockWaitSeconds = 60

// Migrate creates the database if it does not exist and brings its tables up to
// date. Several instances may start at once: they take turns. It does nothing
// to a database that is up to date.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.createDatabase(ctx); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("open the embedded migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, s.db, files,
		goose.WithSessionLocker(locker{}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the embedded migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate database %s at %s: %w", s.cfg.DBName, s.cfg.Addr, err)
	}
	return nil
}

// createDatabase creates the database if the server says that it is missing. It
// asks for no right that a user of an existing database lacks.
func (s *Store) createDatabase(ctx context.Context) error {
	err := s.db.PingContext(ctx)
	if err == nil {
		return nil
	}
	if !isError(err, errBadDatabase) {
		return fmt.Errorf("connect to database %s at %s: %w", s.cfg.DBName, s.cfg.Addr, err)
	}
	cfg := s.cfg.Clone()
	cfg.DBName = ""
	db, err := open(cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	statement := "CREATE DATABASE IF NOT EXISTS " + quoted(s.cfg.DBName) + " CHARACTER SET utf8mb4"
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("create database %s at %s as %s; let somebody with the right run %q: %w",
			s.cfg.DBName, s.cfg.Addr, s.cfg.User, statement, err)
	}
	return nil
}

// quoted returns an identifier in the quotes that keep it one.
func quoted(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// locker makes migrations of one database exclusive by a named lock of the
// server, which frees it by itself when the session ends.
type locker struct{}

// lockName is of a fixed length, since the names of locks are no longer than
// those of databases alone may be.
const lockName = `CONCAT('crudapp.migrate.', LEFT(SHA2(DATABASE(), 256), 32))`

// SessionLock implements goose's lock.SessionLocker.
func (locker) SessionLock(ctx context.Context, conn *sql.Conn) error {
	var got sql.NullInt64
	err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(`+lockName+`, ?)`, lockWaitSeconds).Scan(&got)
	if err != nil {
		return fmt.Errorf("lock the migrations: %w", err)
	}
	if got.Int64 != 1 {
		return fmt.Errorf("lock the migrations: another instance has been migrating for %d s", lockWaitSeconds)
	}
	return nil
}

// SessionUnlock implements goose's lock.SessionLocker.
func (locker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	var released sql.NullInt64
	if err := conn.QueryRowContext(ctx, `SELECT RELEASE_LOCK(`+lockName+`)`).Scan(&released); err != nil {
		return fmt.Errorf("unlock the migrations: %w", err)
	}
	if released.Int64 != 1 {
		return errors.New("unlock the migrations: the lock was lost on the way")
	}
	return nil
}

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

	"telltale/crudapp"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockWaitSeconds is how long one instance waits for another to migrate.
const lockWaitSeconds = 60

// Target is what Migrate brings the tables to.
type Target struct {
	// Version is that of the tables. 0 means the newest. Tables that are beyond it
	// stay as they are.
	Version int64
	// Country is the shop's own, for customers that were there before there was such
	// a question. Empty means crudapp.DefaultCountry.
	Country string
}

// Migrate brings the tables to their newest version, as MigrateTo does.
func (s *Store) Migrate(ctx context.Context) error { return s.MigrateTo(ctx, Target{}) }

// MigrateTo creates the database if it does not exist and brings its tables up to
// date, while others may read and write them. Several instances may start at once:
// they take turns. It does nothing to a database that is up to date.
func (s *Store) MigrateTo(ctx context.Context, to Target) error {
	if to.Country == "" {
		to.Country = crudapp.DefaultCountry
	}
	// It becomes part of statements that take no parameters.
	if !crudapp.KnownCountry(to.Country) {
		return fmt.Errorf("migrate database %s: the shop does not know the country %q", s.cfg.DBName, to.Country)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("open the embedded migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, s.db, files, goose.WithGoMigrations(upgrades(to.Country)...),
		goose.WithSessionLocker(locker{}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the embedded migrations: %w", err)
	}
	if err := checkVersion(provider.ListSources(), to.Version); err != nil {
		return fmt.Errorf("migrate database %s: %w", s.cfg.DBName, err)
	}
	if err := s.createDatabase(ctx); err != nil {
		return err
	}
	if to.Version == 0 {
		_, err = provider.Up(ctx)
	} else {
		_, err = provider.UpTo(ctx, to.Version)
	}
	if err != nil {
		return fmt.Errorf("migrate database %s at %s: %w", s.cfg.DBName, s.cfg.Addr, err)
	}
	return nil
}

// checkVersion refuses a version that the tables never have. All migrations are
// numbered from 1 without gaps.
func checkVersion(all []*goose.Source, version int64) error {
	if newest := all[len(all)-1].Version; version < 0 || version > newest {
		return fmt.Errorf("its tables have no version %d; there are 1 to %d, and 0 stands for the newest", version, newest)
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

package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// backfillBatch is how many customers one statement of a backfill looks at: few
// enough that nobody waits for their locks.
const backfillBatch = 500

// The steps by which a column came to tables that were filled. Each can run while
// versions of the shop from before and after it serve, and can run twice.
const (
	// VersionAccountsClose can tell when a customer's account was closed.
	VersionAccountsClose = 21
	// VersionCountryAdded can tell the country of a customer, who may lack one.
	VersionCountryAdded = 22
	// VersionCountryDefault gives the shop's own country to whom a version of the
	// shop registers that knows of none.
	VersionCountryDefault = 23
	// VersionCountryFilled has filled in what older accounts lack.
	VersionCountryFilled = 24
	// VersionCountryRequired refuses a customer without a country.
	VersionCountryRequired = 25
)

// upgrades are the migrations that take more than a statement. country is the
// shop's own; it is one that the shop knows.
func upgrades(country string) []*goose.Migration {
	const countryType = "CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	steps := []struct {
		version int64
		up      func(context.Context, *sql.DB) error
	}{
		{VersionAccountsClose, addColumn("customers", "deleted_at", "DATETIME(6) NULL")},
		{VersionCountryAdded, addColumn("customers", "country", countryType+" NULL")},
		{VersionCountryDefault, statement("ALTER TABLE customers ALTER COLUMN country SET DEFAULT '" + country + "'")},
		{VersionCountryFilled, fillCountries(country)},
		{VersionCountryRequired, inTurn(fillCountries(country),
			statement("ALTER TABLE customers MODIFY COLUMN country "+countryType+" NOT NULL DEFAULT '"+country+"'"))},
	}
	migrations := make([]*goose.Migration, len(steps))
	for i, s := range steps {
		migrations[i] = goose.NewGoMigration(s.version, &goose.GoFunc{RunDB: s.up}, nil)
	}
	return migrations
}

// statement is a migration of one statement that can run twice.
func statement(text string) func(context.Context, *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) error {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("run %q: %w", text, err)
		}
		return nil
	}
}

// inTurn is a migration of several parts. VersionCountryRequired fills in once more,
// since a NULL that somebody stored by hand after the step before would make it fail
// at every start.
func inTurn(parts ...func(context.Context, *sql.DB) error) func(context.Context, *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) error {
		for _, part := range parts {
			if err := part(ctx, db); err != nil {
				return err
			}
		}
		return nil
	}
}

// addColumn is a migration that adds a column at the end of a table, which both
// servers do without touching the rows, unless it is there already: MySQL has no
// ADD COLUMN IF NOT EXISTS.
func addColumn(table, column, definition string) func(context.Context, *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) error {
		var there bool
		row := db.QueryRowContext(ctx,
			`SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?`, table, column)
		if err := row.Scan(&there); err != nil {
			return fmt.Errorf("look for column %s.%s: %w", table, column, err)
		}
		if there {
			return nil
		}
		return statement("ALTER TABLE "+table+" ADD COLUMN "+column+" "+definition)(ctx, db)
	}
}

// fillCountries is a migration that gives customers without a country that of their
// default address, or the shop's own. Nobody changed anything about them, so neither
// version nor updated_at moves: a form that is open meanwhile stays good.
func fillCountries(country string) func(context.Context, *sql.DB) error {
	const fill = `UPDATE customers c LEFT JOIN addresses a ON a.customer_id = c.id AND a.is_default
		SET c.country = COALESCE(a.country, ?), c.updated_at = c.updated_at WHERE c.id > ? AND c.id <= ? AND c.country IS NULL`
	return func(ctx context.Context, db *sql.DB) error {
		for from := uint64(0); ; {
			var n, to uint64
			row := db.QueryRowContext(ctx,
				`SELECT COUNT(*), COALESCE(MAX(id), 0) FROM (SELECT id FROM customers WHERE id > ? ORDER BY id LIMIT ?) batch`, from, backfillBatch)
			if err := row.Scan(&n, &to); err != nil {
				return fmt.Errorf("find the customers above %d: %w", from, err)
			}
			if n == 0 {
				return nil
			}
			if _, err := db.ExecContext(ctx, fill, country, from, to); err != nil {
				return fmt.Errorf("fill in the country of customers %d to %d: %w", from+1, to, err)
			}
			from = to
		}
	}
}

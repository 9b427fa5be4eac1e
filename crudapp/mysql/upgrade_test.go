package mysql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/mysql"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// oldVersion is of tables from before customers had a country.
const oldVersion = mysql.VersionAccountsClose - 1

// testCountryComes fills tables of an old version and brings the country to them,
// while customers register with the old version of the shop and the new.
func testCountryComes(t *testing.T, server *mysqlserver.Server) {
	store := openOnly(t, server.DSN("country"))
	step := func(version int64) {
		t.Helper()
		if err := store.MigrateTo(t.Context(), mysql.Target{Version: version, Country: "SE"}); err != nil {
			t.Fatal(err)
		}
	}
	step(oldVersion)
	db := mysqltest.DB(t, server, "country")
	const older = 1200 // More than two batches.
	registerOld(t, db, 1, older)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO addresses (customer_id, recipient, street, city, country, is_default, created_at)
		VALUES (7, 'x', 'x', 'x', 'NO', TRUE, NOW(6)), (7, 'x', 'x', 'x', 'DE', FALSE, NOW(6)), (1200, 'x', 'x', 'x', 'IE', TRUE, NOW(6))`); err != nil {
		t.Fatal(err)
	}
	step(mysql.VersionCountryAdded)
	registerOld(t, db, older+1, older+1)
	// The new version of the shop works from here on.
	unsaid, err := store.Customer(t.Context(), 9)
	if err != nil || unsaid.Country != "" {
		t.Errorf("before the backfill customer 9 is %+v, %v, want no country", unsaid, err)
	}
	chosen := unsaid.Details
	chosen.Country = "CH"
	if won, err := store.UpdateDetails(t.Context(), crudapp.DetailsUpdate{ID: 9, Version: 1, Details: chosen, At: at}); err != nil || !won {
		t.Errorf("to choose a country before the backfill: %v, %v", won, err)
	}
	create(t, store, bob())
	step(mysql.VersionCountryDefault)
	registerOld(t, db, older+3, older+3)
	step(mysql.VersionCountryFilled)
	registerOld(t, db, older+4, older+4)
	// Who read customer 7 before the backfill writes her behind it.
	late := crudapp.Details{Email: "old7@example.com", Name: "Late"}
	if won, err := store.UpdateDetails(t.Context(), crudapp.DetailsUpdate{ID: 7, Version: 1, Details: late, At: at}); err != nil || !won {
		t.Errorf("to change a name behind the backfill: %v, %v", won, err)
	}
	if got, err := store.Customer(t.Context(), 7); err != nil || got.Country != "NO" || got.Name != "Late" {
		t.Errorf("behind the backfill customer 7 is %+v, %v, want one named Late in NO", got, err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE customers SET country = NULL, updated_at = updated_at WHERE id IN (10, 1200)`); err != nil {
		t.Fatal(err)
	}
	step(mysql.VersionCountryRequired)
	registerOld(t, db, older+5, older+5)

	for id, want := range map[uint64]string{1: "SE", 7: "NO", 8: "SE", 9: "CH", 10: "SE", 1200: "IE", 1201: "SE", 1202: "NO", 1203: "SE", 1204: "SE", 1205: "SE"} {
		var country string
		if err := db.QueryRowContext(t.Context(), `SELECT country FROM customers WHERE id = ?`, id).Scan(&country); err != nil || country != want {
			t.Errorf("the country of customer %d is %q, %v, want %s", id, country, err, want)
		}
	}
	var touched int
	row := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM customers WHERE id NOT IN (7, 9) AND (version <> 1 OR id <= ? AND updated_at <> ?)`, older, at)
	if err := row.Scan(&touched); err != nil || touched > 0 {
		t.Errorf("version or updated_at moved for %d customers, %v, want none", touched, err)
	}
	var nullable string
	row = db.QueryRowContext(t.Context(),
		`SELECT is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'customers' AND column_name = 'country'`)
	if err := row.Scan(&nullable); err != nil || nullable != "NO" {
		t.Errorf("after the last step the country is nullable: %s, %v", nullable, err)
	}
	step(0)
}

// registerOld opens accounts as the shop did before it knew of countries.
func registerOld(t *testing.T, db *sql.DB, from, to int) {
	t.Helper()
	var values []string
	for id := from; id <= to; id++ {
		values = append(values, fmt.Sprintf("(%d, 'old%d@example.com', 'Old', 'x', '%s', '%[3]s')", id, id, at.Format(time.DateOnly+" 15:04:05.000000")))
	}
	_, err := db.ExecContext(t.Context(), `INSERT INTO customers (id, email, name, password_hash, created_at, updated_at) VALUES `+strings.Join(values, ", "))
	if err != nil {
		t.Fatal(err)
	}
}

func testMigrateRefuses(t *testing.T, server *mysqlserver.Server) {
	for want, target := range map[string]mysql.Target{
		`does not know the country "X'"`:  {Country: "X'"},
		"its tables have no version 999;": {Version: 999},
		"its tables have no version -1;":  {Version: -1},
	} {
		err := openOnly(t, server.DSN("nowhere")).MigrateTo(t.Context(), target)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("MigrateTo(%+v) returned %v, want %s", target, err, want)
		}
	}
}

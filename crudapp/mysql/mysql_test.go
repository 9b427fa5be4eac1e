package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/crudapp"
	"telltale/crudapp/mysql"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// TestStore runs all tests on one server of each kind, each in a database of its
// own. The server's time zone, SQL mode and comment handling are not the shop's, and
// MariaDB is as strict about rows that changed as later versions are by themselves.
func TestStore(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStore)
}

func testStore(t *testing.T, servers mysqltest.Servers) {
	server := servers.Start(t, "default-time-zone=-05:00", "sql-mode=", "loose-innodb-snapshot-isolation=ON")
	for name, test := range map[string]func(*testing.T, *mysqlserver.Server){
		"Open names what is wrong":            testOpenErrors,
		"Migrate takes turns":                 testMigrateTakesTurns,
		"Migrate goes on where it stopped":    testMigrateGoesOn,
		"Migrate refuses what is no country":  testMigrateRefuses,
		"an account is closed":                testCloseCustomer,
		"an order keeps an account open":      testCloseWaits,
		"one of many closings wins":           testCloseRace,
		"customers are found":                 testCustomers,
		"a country comes to filled tables":    testCountryComes,
		"Migrate without the right":           testMigrateWithoutRight,
		"customers come back as stored":       testCustomerRoundTrip,
		"missing rows":                        testMissingRows,
		"values that do not fit":              testStrict,
		"an address is taken once":            testEmailTaken,
		"one of many updates wins":            testUpdateRace,
		"password hashes change if still old": testReplacePasswordHash,
		"sessions come back as stored":        testSessionRoundTrip,
		"sign-ins come back as stored":        testSignInRoundTrip,
		"a sign-in is stored whole or not":    testSignInWhole,
		"ended sessions go, a few at a time":  testSweep,
		"statements say on whose behalf":      testComments,
		"products come back as stored":        testProductRoundTrip,
		"products are found":                  testItems,
		"one of many product edits wins":      testProductRace,
		"a sale is in no editor's way":        testStockApart,
		"categories change as they differ":    testCategoriesDiffer,
		"a product that was removed is gone":  testRemovedProduct,
		"a shop is filled once":               testSeed,
		"staff and their sessions":            testStaff,
		"addresses of one customer":           testAddresses,
		"one address is the default":          testAddressRace,
		"consents are kept":                   testConsents,
		"reviews come back as stored":         testReviews,
		"one first review wins":               testReviewRace,
		"orders come back as stored":          testOrderRoundTrip,
		"a basket goes with its customer": func(t *testing.T, server *mysqlserver.Server) {
			testBasketCascade(t, server, server.Flavor() == mysqlserver.MySQL && servers.Since(t, 9, 6, 0))
		},
		"fifty order the last ten":             testLastPieces,
		"a form sent twice is one order":       testOrderOnce,
		"an order is cancelled once":           testCancelOnce,
		"unpaid orders give their goods back":  testUnpaid,
		"an order is paid or given up":         testUnpaidRace,
		"an order survives a deadlock":         testDeadlock,
		"an order does not wait for ever":      testLockWait,
		"what was paid back is not shipped":    testShipReturned,
		"payments come back as stored":         testPayments,
		"one of many payments wins":            testPaymentRace,
		"invoices are numbered without gaps":   testInvoiceNumbers,
		"refunds come back as stored":          testRefunds,
		"refunds never exceed the payment":     testRefundRace,
		"a cancelled order is paid back":       testCancelledPayment,
		"shipments come back as stored":        testShipments,
		"one of many shipments wins":           testShipmentRace,
		"hostile values stay in their comment": testHostileComments,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, server)
		})
	}
}

// openStore returns a migrated store on a database of the test's own, with a
// plain pool on the same.
func openStore(t *testing.T, server *mysqlserver.Server, database string) (*mysql.Store, *sql.DB) {
	t.Helper()
	store := openOnly(t, server.DSN(database))
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store, mysqltest.DB(t, server, database)
}

func openOnly(t *testing.T, dsn string) *mysql.Store {
	t.Helper()
	store, err := mysql.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

func testOpenErrors(t *testing.T, server *mysqlserver.Server) {
	for name, test := range map[string]struct{ dsn, want string }{
		"not a DSN":       {"mysql://root@db/shop", "parse the DSN"},
		"no database":     {"root@tcp(db:3306)/", "names no database; write …@tcp(db:3306)/shop"},
		"nobody there":    {"root@tcp(127.0.0.1:1)/shop", "connect to MySQL at 127.0.0.1:1 as root"},
		"wrong password":  {"root:secret@tcp(" + server.Addr() + ")/shop", "Access denied for user 'root'"},
		"unknown setting": {"root@tcp(" + server.Addr() + ")/mysql?no_such_variable=1", "no_such_variable"},
	} {
		store, err := mysql.Open(t.Context(), test.dsn, nil)
		if err == nil {
			store.Close()
			t.Errorf("%s: Open succeeds", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: Open returned %q, want %q in it and no password", name, err, test.want)
		}
	}
}

func testMigrateTakesTurns(t *testing.T, server *mysqlserver.Server) {
	const instances = 4
	var wg sync.WaitGroup
	for range instances {
		store := openOnly(t, server.DSN("turns `quoted`"))
		wg.Go(func() {
			if err := store.Migrate(t.Context()); err != nil {
				t.Errorf("Migrate: %v", err)
			}
		})
	}
	wg.Wait()
	var tables int
	row := mysqltest.DB(t, server, "turns `quoted`").QueryRowContext(t.Context(),
		`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('customers', 'sessions', 'sign_ins', 'staff_sessions')`)
	if err := row.Scan(&tables); err != nil || tables != 4 {
		t.Errorf("%d tables, %v, want 4", tables, err)
	}
}

// testMigrateGoesOn leaves what a death between the DDL and the note that it ran
// leaves.
func testMigrateGoesOn(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "stopped")
	want := create(t, store, bob())
	if _, err := db.ExecContext(t.Context(), `DELETE FROM goose_db_version WHERE version_id > 0`); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Customer(t.Context(), want.ID); err != nil || got != want {
		t.Errorf("Customer = %+v, %v, want %+v", got, err, want)
	}
}

func testMigrateWithoutRight(t *testing.T, server *mysqlserver.Server) {
	root := mysqltest.DB(t, server, "unrelated")
	if _, err := root.ExecContext(t.Context(), `CREATE USER guest IDENTIFIED BY 'guest-secret'`); err != nil {
		t.Fatal(err)
	}
	if _, err := root.ExecContext(t.Context(), `GRANT SELECT ON unrelated.* TO guest`); err != nil {
		t.Fatal(err)
	}
	dsn := "guest:guest-secret@tcp(" + server.Addr() + ")/"
	if _, err := mysql.Open(t.Context(), dsn+"nowhere", nil); err == nil || !strings.Contains(err.Error(), "GRANT ALL ON `nowhere`.* TO 'guest'") {
		t.Errorf("Open of a database that guest may not see returned %v", err)
	}
	err := openOnly(t, dsn+"unrelated").Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "migrate database unrelated at "+server.Addr()) || !strings.Contains(err.Error(), "CREATE command denied") {
		t.Errorf("Migrate returned %v, want the database and the denied command in it", err)
	}
}

var at = time.Date(2024, 3, 10, 2, 30, 0, 123456000, time.UTC)

func bob() crudapp.Customer {
	return crudapp.Customer{
		Details: crudapp.Details{Email: "bob@example.com", Name: "Bob", Country: "NO"},
		Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Microsecond),
	}
}

// create stores c and returns it with its id.
func create(t *testing.T, store *mysql.Store, c crudapp.Customer) crudapp.Customer {
	t.Helper()
	id, err := store.CreateCustomer(t.Context(), c, "hash")
	if err != nil {
		t.Fatal(err)
	}
	c.ID = id
	return c
}

func testCustomerRoundTrip(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "roundtrip")
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE customers AUTO_INCREMENT = 9223372036854775808`); err != nil {
		t.Fatal(err)
	}
	want := bob()
	want.Name, want.Phone = "Sinéad 😀 O'Connor */ -- \\", "+49 30 1234"
	want = create(t, store, want)
	if want.ID != 1<<63 {
		t.Errorf("the id is %d, want %d", want.ID, uint64(1<<63))
	}
	if got, err := store.Customer(t.Context(), want.ID); err != nil || got != want {
		t.Errorf("Customer = %+v, %v, want %+v", got, err, want)
	}
	if got, hash, err := store.CustomerByEmail(t.Context(), want.Email); err != nil || got != want || hash != "hash" {
		t.Errorf("CustomerByEmail = %+v, %q, %v, want %+v", got, hash, err, want)
	}
	var phone sql.NullString
	update := crudapp.DetailsUpdate{ID: want.ID, Version: 1, Details: bob().Details, At: at.Add(time.Hour)}
	if won, err := store.UpdateDetails(t.Context(), update); err != nil || !won {
		t.Fatalf("UpdateDetails = %v, %v", won, err)
	}
	if err := db.QueryRowContext(t.Context(), `SELECT phone FROM customers`).Scan(&phone); err != nil || phone.Valid {
		t.Errorf("an absent phone is stored as %+v, %v, want NULL", phone, err)
	}
	want.Details, want.Version, want.UpdatedAt = update.Details, 2, update.At
	if got, err := store.Customer(t.Context(), want.ID); err != nil || got != want {
		t.Errorf("after the update Customer = %+v, %v, want %+v", got, err, want)
	}
}

func testMissingRows(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "missing")
	ctx := t.Context()
	_, customerErr := store.Customer(ctx, 1)
	_, _, emailErr := store.CustomerByEmail(ctx, "bob@example.com")
	_, _, sessionErr := store.Session(ctx, crudapp.TokenHash{})
	for _, err := range []error{customerErr, emailErr, sessionErr} {
		if !errors.Is(err, crudapp.ErrNotFound) {
			t.Errorf("got %v, want %v", err, crudapp.ErrNotFound)
		}
	}
	won, updateErr := store.UpdateDetails(ctx, crudapp.DetailsUpdate{ID: 1, Version: 1, At: at})
	for _, err := range []error{updateErr, store.DeleteSession(ctx, crudapp.TokenHash{}), store.TouchSession(ctx, crudapp.TokenHash{}, at)} {
		if err != nil || won {
			t.Errorf("got %v, %v, want no change and no error", won, err)
		}
	}
}

func testStrict(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "strict")
	c := bob()
	c.Name = strings.Repeat("x", 101)
	if _, err := store.CreateCustomer(t.Context(), c, "hash"); err == nil || !strings.Contains(err.Error(), "Data too long for column 'name'") {
		t.Errorf("a name that does not fit: %v", err)
	}
}

func testEmailTaken(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "taken")
	create(t, store, bob())
	if _, err := store.CreateCustomer(t.Context(), bob(), "hash"); !errors.Is(err, crudapp.ErrEmailTaken) {
		t.Errorf("CreateCustomer returned %v, want %v", err, crudapp.ErrEmailTaken)
	}
	other := bob()
	other.Email = "bób@example.com"
	other = create(t, store, other)
	won, err := store.UpdateDetails(t.Context(), crudapp.DetailsUpdate{ID: other.ID, Version: 1, Details: bob().Details, At: at})
	if won || !errors.Is(err, crudapp.ErrEmailTaken) {
		t.Errorf("UpdateDetails = %v, %v, want %v", won, err, crudapp.ErrEmailTaken)
	}
}

func testUpdateRace(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "race")
	c := create(t, store, bob())
	const writers = 20
	var wins [writers]bool
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			update := crudapp.DetailsUpdate{ID: c.ID, Version: 1, Details: c.Details, At: at}
			update.Details.Name = strings.Repeat("x", i+1)
			won, err := store.UpdateDetails(t.Context(), update)
			if err != nil {
				t.Errorf("UpdateDetails: %v", err)
			}
			wins[i] = won
		})
	}
	wg.Wait()
	stored, err := store.Customer(t.Context(), c.ID)
	if err != nil || stored.Version != 2 {
		t.Fatalf("stored %+v, %v, want version 2", stored, err)
	}
	for i, won := range wins {
		if won != (len(stored.Name) == i+1) {
			t.Errorf("writer %d: won is %v while the stored name is %q", i, won, stored.Name)
		}
	}
}

func testReplacePasswordHash(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "rehash")
	c := create(t, store, bob())
	for _, step := range []struct{ old, replacement, want string }{
		{"not the hash", "eve's", "hash"},
		{"hash", "better", "better"},
		{"hash", "late", "better"},
	} {
		if err := store.ReplacePasswordHash(t.Context(), c.ID, step.old, step.replacement); err != nil {
			t.Fatal(err)
		}
		if _, got, err := store.CustomerByEmail(t.Context(), c.Email); err != nil || got != step.want {
			t.Errorf("after %+v the hash is %q, %v", step, got, err)
		}
	}
}

func session(customerID uint64, n byte) crudapp.Session {
	return crudapp.Session{
		TokenHash: crudapp.TokenHash{0: n, 31: 0xff}, CustomerID: customerID,
		CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour), LastSeenAt: at.Add(time.Hour),
	}
}

func testSessionRoundTrip(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "session")
	c := create(t, store, bob())
	want := session(c.ID, 0)
	if err := store.CreateSession(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	want.LastSeenAt = at.Add(2 * time.Hour)
	if err := store.TouchSession(t.Context(), want.TokenHash, want.LastSeenAt); err != nil {
		t.Fatal(err)
	}
	got, customer, err := store.Session(t.Context(), want.TokenHash)
	if err != nil || got != want || customer != c {
		t.Errorf("Session = %+v, %+v, %v, want %+v, %+v", got, customer, err, want, c)
	}
	if err := store.DeleteSession(t.Context(), want.TokenHash); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Session(t.Context(), want.TokenHash); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("after DeleteSession, Session returned %v, want %v", err, crudapp.ErrNotFound)
	}
}

func signIn(customerID uint64) crudapp.SignedIn {
	return crudapp.SignedIn{CustomerID: customerID, Address: "203.0.113.9", UserAgent: "Browser/1.0", At: at}
}

func testSignInRoundTrip(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "signins")
	c := create(t, store, bob())
	alice := bob()
	alice.Email = "alice@example.com"
	other := create(t, store, alice)
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE sign_ins AUTO_INCREMENT = 9223372036854775808`); err != nil {
		t.Fatal(err)
	}
	var want []crudapp.SignedIn
	for n := range byte(3) {
		in := signIn(c.ID)
		in.At = at.Add(time.Duration(n) * time.Microsecond)
		in.Address, in.UserAgent = strings.Repeat("f", 45), strings.Repeat("😀", 255)
		if err := store.CreateSignIn(t.Context(), session(c.ID, n), in); err != nil {
			t.Fatal(err)
		}
		if err := store.CreateSignIn(t.Context(), session(other.ID, 10+n), signIn(other.ID)); err != nil {
			t.Fatal(err)
		}
		in.ID = 1<<63 + 2*uint64(n)
		want = slices.Insert(want, 0, in)
	}
	if got, err := store.SignIns(t.Context(), c.ID, 2); err != nil || !slices.Equal(got, want[:2]) {
		t.Errorf("SignIns = %+v, %v, want %+v", got, err, want[:2])
	}
	if _, got, err := store.Session(t.Context(), session(c.ID, 2).TokenHash); err != nil || got != c {
		t.Errorf("the session of a sign-in is of %+v, %v, want %+v", got, err, c)
	}
}

func testSignInWhole(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "whole")
	c := create(t, store, bob())
	in := signIn(c.ID)
	in.Address = strings.Repeat("f", 46)
	err := store.CreateSignIn(t.Context(), session(c.ID, 1), in)
	if err == nil || !strings.Contains(err.Error(), "Data too long for column 'address'") {
		t.Errorf("an address that does not fit: %v", err)
	}
	if _, _, err := store.Session(t.Context(), session(c.ID, 1).TokenHash); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("the session is there, %v, want neither session nor sign-in", err)
	}
	if got, err := store.SignIns(t.Context(), c.ID, 10); err != nil || len(got) != 0 {
		t.Errorf("SignIns = %+v, %v, want none", got, err)
	}
}

func testSweep(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "sweep")
	c := create(t, store, bob())
	for n := range byte(6) {
		s := session(c.ID, n)
		switch n {
		case 0, 1:
			s.ExpiresAt = at
		case 2, 3:
			s.LastSeenAt = at
		}
		if err := store.CreateSession(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{3, 2, 2} {
		if err := store.DeleteExpiredSessions(t.Context(), at, at, 3); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM sessions`).Scan(&left); err != nil || left != want {
			t.Errorf("%d sessions are left, %v, want %d", left, err, want)
		}
	}
}

func withOrigin(ctx context.Context, actor string) context.Context {
	return crudapp.WithOrigin(ctx, crudapp.Origin{
		Actor: actor, RequestID: "req-1", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	})
}

package mysql_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telltale/crudapp"
	"telltale/internal/mysqlserver"
)

func testComments(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "comments")
	c := create(t, store, bob())
	ctx := withOrigin(t.Context(), "customer:7")
	update := crudapp.DetailsUpdate{ID: c.ID, Version: 1, Details: c.Details, At: at}
	// The name tries to end its literal and to leave a comment of its own.
	update.Details.Name = `'*/ /*actor='eve'*/`
	for _, write := range []func() error{
		func() error {
			alice := bob()
			alice.Email = "alice@example.com"
			_, err := store.CreateCustomer(ctx, alice, "hash")
			return err
		},
		func() error { _, err := store.UpdateDetails(ctx, update); return err },
		func() error { return store.ReplacePasswordHash(ctx, c.ID, "hash", "better") },
		func() error { return store.CreateSession(ctx, session(c.ID, 1)) },
		func() error { return store.TouchSession(ctx, session(c.ID, 1).TokenHash, at) },
		func() error { return store.DeleteExpiredSessions(ctx, at, at, 10) },
		func() error { return store.CreateSession(ctx, session(c.ID, 2)) },
		func() error { return store.DeleteSession(ctx, session(c.ID, 2).TokenHash) },
		func() error { return store.CreateSignIn(ctx, session(c.ID, 3), signIn(c.ID)) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	const want = ` /*actor='customer%3A7',request_id='req-1',traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/`
	logged := loggedStatements(t, db, "comments")
	for _, statement := range logged[1:] {
		if !strings.HasSuffix(statement, want) {
			t.Errorf("the log has %q, want it to end in %q", statement, want)
		}
	}
	if got := len(logged); got != 11 {
		t.Errorf("the log has %d statements, want 11", got)
	}
	if strings.Contains(logged[0], "/*") {
		t.Errorf("without an origin the log has %q", logged[0])
	}
}

func testHostileComments(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "hostile")
	for i, value := range []string{
		"*/ DROP TABLE customers; /*", "'*/", `\'*/`, "a b+c%2A/", "*\x00/", "/*!50000 */", "日本",
	} {
		c := bob()
		c.Email = fmt.Sprintf("bob%d@example.com", i)
		ctx := withOrigin(t.Context(), value)
		if _, err := store.CreateCustomer(ctx, c, "hash"); err != nil {
			t.Errorf("with the actor %q: %v", value, err)
		}
	}
	var actors []string
	for _, statement := range loggedStatements(t, db, "hostile") {
		_, comment, _ := strings.Cut(statement, "/*actor='")
		actor, _, _ := strings.Cut(comment, "'")
		actors = append(actors, actor)
		if strings.ContainsAny(actor, "*/ '\\") || strings.Count(statement, "*/") != 1 {
			t.Errorf("the log has %q, want one comment with an actor that cannot end it", statement)
		}
	}
	wantActors := []string{
		"%2A%2F%20DROP%20TABLE%20customers%3B%20%2F%2A", "%27%2A%2F", "%5C%27%2A%2F", "a%20b%2Bc%252A%2F",
		"%2A%00%2F", "%2F%2A%2150000%20%2A%2F", "%E6%97%A5%E6%9C%AC",
	}
	if !slices.Equal(actors, wantActors) {
		t.Errorf("actors are %q, want %q", actors, wantActors)
	}
}

// loggedStatements returns the statements that changed rows of a database, as
// the server's log has them.
func loggedStatements(t *testing.T, db *sql.DB, database string) []string {
	t.Helper()
	// The server of the tests writes into its first file alone.
	var base string
	if err := db.QueryRowContext(t.Context(), "SELECT @@log_bin_basename").Scan(&base); err != nil {
		t.Fatal(err)
	}
	file := filepath.Base(base) + ".000001"
	return rowsQueries(t, db, file, database)
}

// rowsQueries reads the statements, Rows_query events in MySQL and Annotate_rows
// in MariaDB, that stand before a table map of the database's customers, sessions
// or sign-ins.
func rowsQueries(t *testing.T, db *sql.DB, file, database string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SHOW BINLOG EVENTS IN '`+file+`'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var statements []string
	var last string
	for rows.Next() {
		var log, kind, info string
		var pos, serverID, end int64
		if err := rows.Scan(&log, &pos, &kind, &serverID, &end, &info); err != nil {
			t.Fatal(err)
		}
		switch {
		case kind == "Rows_query", kind == "Annotate_rows":
			last = strings.TrimPrefix(info, "# ")
		case kind == "Table_map" && !strings.Contains(info, ".goose_db_version)") && strings.Contains(info, "("+database+"."):
			statements = append(statements, last)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return statements
}

package faults

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// branchesARound is how many XA branches a round prepares.
const branchesARound = 30

// Branches is XA: branches are prepared, and decided after the reader was killed.
func Branches() Fault {
	return Fault{
		Name: "XA branches, and kill -9 of the reader",
		Doc: "30 XA branches were prepared, the reader was killed, and two in three branches were committed and the others rolled back in another order. " +
			"What was committed was published once, and nothing else.",
		Long:   true,
		Inject: decideBranches,
	}
}

func decideBranches(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	db, err := sql.Open("mysql", w.MySQL)
	if err != nil {
		return fmt.Errorf("open the shop's database as root: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS shop.branches (id int AUTO_INCREMENT PRIMARY KEY, n int)"); err != nil {
		return fmt.Errorf("make a table for XA: %w", err)
	}
	round := random.Uint32()
	xids := make([]string, branchesARound)
	for i := range xids {
		xids[i] = fmt.Sprintf("'%d','%d'", round, i)
		if err := prepare(ctx, db, xids[i], i); err != nil {
			return err
		}
		if i == branchesARound/2 {
			if err := w.stage(Binlog).killAt(ctx, []time.Duration{time.Duration(random.Int64N(int64(during / 4)))}); err != nil {
				return err
			}
		}
	}
	random.Shuffle(len(xids), func(i, j int) { xids[i], xids[j] = xids[j], xids[i] })
	for _, xid := range xids {
		does := "XA COMMIT "
		if random.IntN(3) == 0 {
			does = "XA ROLLBACK "
		}
		if err := decide(ctx, db, does+xid); err != nil {
			return err
		}
	}
	want, err := insertedRows(ctx, db)
	if err != nil {
		return err
	}
	return w.awaitRows(ctx, "branches", want)
}

// prepare leaves a prepared branch behind, on a connection that ends.
func prepare(ctx context.Context, db *sql.DB, xid string, n int) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect for XA branch %s: %w", xid, err)
	}
	defer func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // The pool is not to keep it.
		_ = conn.Close()
	}()
	for _, s := range []string{"XA START " + xid, fmt.Sprintf("INSERT INTO shop.branches (n) VALUES (%d)", n), "XA END " + xid, "XA PREPARE " + xid} {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// decide decides over a branch, which the server may need a moment to take from
// the session that is gone.
func decide(ctx context.Context, db *sql.DB, statement string) error {
	for {
		_, err := db.ExecContext(ctx, statement)
		if err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "XAER_NOTA") {
			return fmt.Errorf("%s: %w", statement, err)
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
}

// insertedRows are those that were committed, as the table has them.
func insertedRows(ctx context.Context, db *sql.DB) (rows, error) {
	found, err := db.QueryContext(ctx, "SELECT id, n FROM shop.branches")
	if err != nil {
		return nil, fmt.Errorf("read the rows of XA: %w", err)
	}
	defer found.Close()
	all := rows{}
	for found.Next() {
		var id, n int
		if err := found.Scan(&id, &n); err != nil {
			return nil, fmt.Errorf("read the rows of XA: %w", err)
		}
		all[id] = map[string]int{"id": id, "n": n}
	}
	return all, found.Err()
}
